import type { Engine } from "./engine.ts";
import { usualHeader } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { CONTINUE_LAST, resumeWith } from "./resume.ts";
import { withRunningUsage } from "./running-usage.ts";

/** Headgate's own simulated model server: for first steps and demonstrations. Nothing it says was computed by a model. */
export const simulated: Engine = {
  name: "simulated",
  title: "simulated model server",
  usualPorts: [],
  stepAside: "resume",
  notes: ["Its answers are made up: start a model server, or name one with --upstream URL, for real ones."],
  identify: async (probe) => (await usualHeader(probe, "x-headgate-simulated")) !== "",
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/health"),
  models: openAiModels,
  mayAbort: () => true,
  outgoing: withRunningUsage,
  resume: resumeWith({
    flags: CONTINUE_LAST,
    reasoning: "reasoning_content",
    restoresGrammar: true,
    restoresPenalties: true,
  }),
};
