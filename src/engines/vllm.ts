import { countIn, objectsIn, textIn } from "../protocol/untrusted-json.ts";
import { CONTINUABLE } from "../protocol/said.ts";
import type { Edit } from "../protocol/splice.ts";
import type { Engine, Outgoing, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf, modelOwner } from "./fingerprint.ts";
import { gaugesIn } from "./gauges.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { CONTINUE_LAST, resumeWith } from "./resume.ts";
import { withRunningUsage } from "./running-usage.ts";

/** vLLM. It listens only once its model is loaded. */
export const vllm: Engine = {
  name: "vllm",
  title: "vLLM",
  usualPorts: [8000],
  stepAside: "resume",
  notes: [
    "It works on --max-num-seqs requests at once and does not tell: it counts as one slot unless its capacity is configured.",
    "A priority in the body of a request is taken out: vLLM refuses one unless it was started with --scheduling-policy priority.",
    "An answer bound to a schema, offered tools or kept by a presence or frequency penalty starts over: none of these is restored when it continues.",
  ],
  identify,
  capacity: () => Promise.resolve(undefined),
  health,
  load: async (probe) =>
    gaugesIn(await probe.get("/metrics"), ["vllm:num_requests_running", "vllm:num_requests_waiting"]),
  // Its gauges change with its steps: when the last request is aborted there is no further one, and they stand still.
  loadOnlyBesideWork: true,
  models: openAiModels,
  mayAbort: () => true,
  outgoing,
  // Of its answers every member is written, of its streams only what is set (protocol.py, `exclude_unset`).
  learnsForm: true,
  // The two exclude each other unless the second is off (protocol.py).
  resume: resumeWith({
    flags: CONTINUE_LAST,
    restoresGrammar: false,
    restoresPenalties: false,
    completionTokens: 16,
  }),
  contextTokens,
};

/** A whole answer that may have to step aside is asked for as a stream, so that it goes on then: once its form is known. */
function outgoing(request: OutgoingRequest): Outgoing {
  if (!isBetterStreamed(request)) return withRunningUsage(request);
  const streamed = withRunningUsage({ ...request, facts: { ...request.facts, stream: true, includeUsage: true } });
  const edits: Edit[] = [{ set: "stream", value: true }, ...streamed.edits];
  return { ...streamed, edits, forceStream: true, hide: [], form: request.form };
}

function isBetterStreamed({ route, facts, body, parkable, form }: OutgoingRequest): boolean {
  if (!parkable || facts.stream || form?.toldByStreams !== true || !CONTINUABLE.has(route.dialect)) return false;
  // Where it could not go on, a stream is of no use.
  if (facts.n > 1 || facts.logprobs || facts.tools || facts.grammar) return false;
  return body !== undefined && body.kind("stream_options") === undefined;
}

/** The smallest, if it serves several models: adapters of one, which all have its length. */
async function contextTokens(probe: Probe): Promise<number | undefined> {
  const lengths = objectsIn(membersOf(await probe.get("/v1/models"))["data"])
    .map((model) => countIn(model["max_model_len"]))
    .filter((length) => length !== undefined);
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}

/** Its key guards /v1, and nothing else: without it, the version is what is left to see (vllm/entrypoints/openai). */
async function identify(probe: Probe): Promise<boolean> {
  if ((await modelOwner(probe)) === "vllm") return true;
  const models = await probe.get("/v1/models");
  if (models?.status !== 401) return false;
  return textIn(membersOf(await probe.get("/version"))["version"]) !== undefined;
}

/** 503 is no loading here: it says that the engine behind the HTTP server has died. */
async function health(probe: Probe): Promise<"ready" | "down"> {
  return (await healthAt(probe, "/health")) === "ready" ? "ready" : "down";
}
