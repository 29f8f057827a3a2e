import { textIn } from "../protocol/untrusted-json.ts";
import { asReceived } from "./as-received.ts";
import type { Engine, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { resumeUnasked } from "./ollama-resume.ts";
import { openAiModels } from "./openai-models.ts";

/** Ollama. Its streams must not be aborted; everything else may be. */
export const ollama: Engine = {
  name: "ollama",
  title: "Ollama",
  usualPorts: [11434],
  stepAside: "restart",
  notes: [
    "A streamed answer runs to its end: aborting it can take the model's only slot away for good (ollama/ollama#17131), so it is done only where that is wished for (resume.stopStreams). An answer that is not streamed is aborted and starts over.",
    "It does not tell how many requests it works on at once: OLLAMA_NUM_PARALLEL, 1 by default. Set the same capacity here.",
    "A request with another num_ctx makes it load the model anew.",
  ],
  identify,
  capacity: () => Promise.resolve(undefined),
  // It loads models when they are asked for, and answers meanwhile.
  health: (probe) => healthAt(probe, "/api/version"),
  models: openAiModels,
  loadedFor,
  // An aborted stream may leave its goroutine waiting for a reader, and the model's semaphore taken (server/routes.go; issue
  // 17131, open). Without a stream the channel is read to its end whatever happens.
  mayAbort: ({ streaming }) => !streaming,
  // Unknown fields are ignored. Streams are never forced, for the reason above.
  outgoing: asReceived,
  optIn: ({ stopStreams }) =>
    stopStreams ? { ...ollama, stepAside: "resume", mayAbort: () => true, resume: resumeUnasked } : ollama,
};

/** A name without a tag means `latest`. A context of another size has the model loaded anew (server/sched.go, needsReload). */
function loadedFor(model: string, { body }: OutgoingRequest): string {
  const tagged = model.includes(":", model.lastIndexOf("/") + 1) ? model : `${model}:latest`;
  return `${tagged} ${body?.object("options")?.number("num_ctx") ?? "default"}`;
}

/** SGLang says "Ollama is running" too; it must have been asked before. */
async function identify(probe: Probe): Promise<boolean> {
  const root = await probe.get("/");
  if (root?.text.trim() !== "Ollama is running") return false;
  return textIn(membersOf(await probe.get("/api/version"))["version"]) !== undefined;
}
