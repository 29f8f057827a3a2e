import { aggregatesExactly } from "../protocol/aggregate.ts";
import type { Edit } from "../protocol/splice.ts";
import { withoutPriority } from "./as-received.ts";
import type { Engine, Outgoing, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf, modelOwner, usualHeader } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { mlxResume } from "./mlx-resume.ts";
import { openAiModels } from "./openai-models.ts";

/** mlx_lm.server, built on Python's own HTTP server. It wants a Content-Length, which Headgate always sends. */
export const mlxLm: Engine = {
  name: "mlx-lm",
  title: "mlx_lm.server",
  usualPorts: [8080],
  loadsAnyModel: true,
  stepAside: "restart",
  notes: [
    "Only a streamed answer stops when its connection is closed, so other answers are asked for as streams too; those with tools, logprobs or stop strings cannot be, and are computed to their end.",
    "A stopped answer starts over, unless it is told where the model's folder is (resume.modelFolder): then it continues.",
    "A request with a seed, or for another model, lets the requests under way finish first and nobody else in meanwhile.",
    "It loads whatever model a request names, from the internet if need be: pin the model if clients are not yours.",
  ],
  identify,
  // It works on --decode-concurrency requests at once and does not tell.
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/health"),
  models: openAiModels,
  loadedFor: (model) => model,
  // A lost client shows when writing to it fails, and only a stream writes before the end (mlx_lm/server.py; ml-explore/mlx-lm#677).
  mayAbort: ({ streaming }) => streaming,
  outgoing,
  rawResume: mlxResume(undefined),
  optIn: ({ chatTemplate }) =>
    chatTemplate === undefined ? mlxLm : { ...mlxLm, stepAside: "resume", rawResume: mlxResume(chatTemplate) },
};

/** The list of models takes long where many have been downloaded; any other page has the same header. */
async function identify(probe: Probe): Promise<boolean> {
  if (!(await usualHeader(probe, "server")).startsWith("BaseHTTP/")) return false;
  if ((await modelOwner(probe)) !== undefined) return false;
  return membersOf(await probe.get("/health"))["status"] === "ok";
}

function outgoing(request: OutgoingRequest): Outgoing {
  const forceStream = isBetterStreamed(request);
  const edits = [...withoutPriority(request), ...(forceStream ? STREAMED : usageSaid(request))];
  return { edits, dropHeaders: [], forceStream, hide: [] };
}

const STREAMED: readonly Edit[] = [
  { set: "stream", value: true },
  { set: ["stream_options", "include_usage"], value: true },
];

/**
 * Whether a client that does not stream is better served by a stream that is put together again: nothing else stops when it is
 * closed.
 *
 * Only where the parts make exactly the whole (mlx_lm/server.py, handle_completion and generate_response: both are written from the
 * same pieces, and every delta has the members of the message). A whole answer has log probabilities, a stream has none; tool calls
 * are numbered in a stream alone, and one that cannot be parsed breaks it off; older versions cut a stop string out of the whole
 * text, but hold back only what may become one in tokens.
 */
function isBetterStreamed({ route, facts, body }: OutgoingRequest): boolean {
  if (facts.stream || body === undefined || !aggregatesExactly(route.dialect, facts)) return false;
  return facts.n === 1 && !facts.tools && (body.kind("stop") === undefined || body.kind("stop") === "null");
}

/**
 * `stream_options` without `include_usage` makes it fail at the end of the answer, before its `[DONE]`: mlx_lm/server.py reads
 * `self.stream_options["include_usage"]`.
 */
function usageSaid({ facts, body }: OutgoingRequest): readonly Edit[] {
  const options = facts.stream ? body?.object("stream_options") : undefined;
  if (options === undefined || options.kind("include_usage") !== undefined) return [];
  return [{ set: ["stream_options", "include_usage"], value: false }];
}
