import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ProbeAnswer, Probe } from "../../src/engines/engine.ts";
import { llamaWaysOn } from "../../src/engines/llama-raw.ts";

/** A server that renders a question so, and the same with half an answer to be continued so. */
function showing(fresh: string | undefined, continued: string | undefined): Probe {
  const answer = (prompt: string | undefined): ProbeAnswer | undefined =>
    prompt === undefined ? undefined : { status: 200, headers: {}, text: "", json: { prompt } };
  return {
    get: () => Promise.resolve(undefined),
    post: (_path, body) => Promise.resolve(answer("continue_final_message" in body ? continued : fresh)),
  };
}

describe("how llama-server's answers can be gone on with, by what its template makes of them", () => {
  const rows: readonly [
    title: string,
    fresh: string | undefined,
    continued: string | undefined,
    chat: boolean,
    raw: boolean,
  ][] = [
    ["both ways, where half an answer just follows", "<|assistant|>", "<|assistant|>An", true, true],
    [
      "as text, where an empty thought comes between",
      "<|assistant|>\n",
      "<|assistant|>\n<think>\n\n</think>\n\nAn",
      false,
      true,
    ],
    ["as text, where the empty thought is lost", "<|assistant|><think></think>", "<|assistant|>An", false, true],
    [
      "in no way, where it opens a channel",
      "<|start|>assistant",
      "<|start|>assistant<|channel|>final<|message|>An",
      false,
      false,
    ],
    ["in no way, where the half is not there", "<|assistant|>", "<|assistant|>", false, false],
    ["as a chat, where it shows nothing", undefined, undefined, true, false],
    ["as a chat, where it shows half of it", "<|assistant|>", undefined, true, false],
  ];
  for (const [title, fresh, continued, chat, raw] of rows) {
    it(title, async () => assert.deepEqual(await llamaWaysOn(showing(fresh, continued)), { chat, raw }));
  }
});
