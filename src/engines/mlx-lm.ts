import type { Edit } from "../protocol/splice.ts";
import { withoutPriority } from "./as-received.ts";
import type { Engine, Outgoing, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf, modelOwner, usualHeader } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { resumeCompletions } from "./resume.ts";

/** mlx_lm.server, built on Python's own HTTP server. It wants a Content-Length, which Headgate always sends. */
export const mlxLm: Engine = {
  name: "mlx-lm",
  title: "mlx_lm.server",
  usualPorts: [8080],
  loadsAnyModel: true,
  stepAside: "restart",
  notes: [
    "Only a streamed answer stops when its connection is closed; any other is computed to its end, and keeps its place until then. A stopped answer starts over.",
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
  resume: resumeCompletions,
};

/** The list of models takes long where many have been downloaded; any other page has the same header. */
async function identify(probe: Probe): Promise<boolean> {
  if (!(await usualHeader(probe, "server")).startsWith("BaseHTTP/")) return false;
  if ((await modelOwner(probe)) !== undefined) return false;
  return membersOf(await probe.get("/health"))["status"] === "ok";
}

function outgoing(request: OutgoingRequest): Outgoing {
  return { edits: [...withoutPriority(request), ...usageSaid(request)], dropHeaders: [], forceStream: false, hide: [] };
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
