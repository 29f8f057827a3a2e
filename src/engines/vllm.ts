import { countIn, objectsIn, textIn } from "../protocol/untrusted-json.ts";
import type { Engine, Probe } from "./engine.ts";
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
  outgoing: withRunningUsage,
  // The two exclude each other unless the second is off (protocol.py).
  resume: resumeWith({
    flags: CONTINUE_LAST,
    restoresGrammar: false,
    restoresPenalties: false,
    completionTokens: 16,
  }),
  contextTokens,
};

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
