import { asReceived } from "./as-received.ts";
import type { Engine } from "./engine.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";

/** Any server that nothing else recognises. What answers is one. */
export const unknownEngine: Engine = {
  name: "unknown",
  title: "a model server of unknown kind",
  usualPorts: [],
  stepAside: "finish",
  notes: [
    "It is not known how many requests it works on at once: it counts as one slot unless its capacity is configured.",
    "It is not known whether it stops when a connection is closed, so a running answer is not asked to step aside.",
  ],
  identify: () => Promise.resolve(true),
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/v1/models"),
  models: openAiModels,
  mayAbort: () => true,
  outgoing: asReceived,
};
