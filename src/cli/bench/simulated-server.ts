import type { ModelServerOptions } from "../../testing/index.ts";

/** A small machine that is ten times as fast as one, so that a run is soon over: llama-server with one slot, started as advised. */
export const SIMULATED: ModelServerOptions = {
  engine: "llama-server",
  models: ["simulated"],
  slots: 1,
  batchTokens: 256,
  promptCache: "all",
  // More than anybody asks for: `max_tokens` ends every answer.
  answer: { tokens: 4_000, toolCalls: "never" },
  timing: { prefillMsPerToken: 0.15, decodeMsPerToken: 2 },
  remember: 16,
};
