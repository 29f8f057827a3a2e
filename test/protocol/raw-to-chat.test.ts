import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asChat } from "../../src/protocol/raw-to-chat.ts";
import type { JsonObject } from "../../src/protocol/untrusted-json.ts";

const HEAD = { id: "c1", created: 1 };
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const TIMINGS = { predicted_n: 2 };

const raw = (text: string, finish: string | null = null, more: JsonObject = {}): JsonObject => ({
  ...HEAD,
  object: "text_completion",
  choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
  ...more,
});
const chat = (delta: JsonObject, finish: string | null = null, more: JsonObject = {}): JsonObject => ({
  ...HEAD,
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const counts = (more: JsonObject): JsonObject => ({ ...HEAD, object: "chat.completion.chunk", choices: [], ...more });

describe("a chunk of a raw completion, in a chat that goes on with it", () => {
  const rows: readonly (readonly [string, JsonObject, boolean, readonly JsonObject[]])[] = [
    ["is a delta", raw("Hi"), false, [chat({ content: "Hi" })]],
    [
      "keeps what is counted as it goes",
      raw("Hi", null, { timings: TIMINGS }),
      false,
      [chat({ content: "Hi" }, null, { timings: TIMINGS })],
    ],
    [
      "ends as a chat does, without the usage that nobody asked for",
      raw("", "stop", { usage: USAGE, timings: TIMINGS }),
      false,
      [chat({}, "stop", { timings: TIMINGS })],
    ],
    [
      "ends with the usage in a chunk of its own",
      raw("", "length", { usage: USAGE, timings: TIMINGS }),
      true,
      [chat({}, "length"), counts({ usage: USAGE, timings: TIMINGS })],
    ],
    ["is the usage, where that comes last", { ...HEAD, choices: [], usage: USAGE }, true, [counts({ usage: USAGE })]],
    ["is nothing, where nobody asked for that", { ...HEAD, choices: [], usage: USAGE }, false, []],
    ["stays as it is when it is no chunk", { error: { message: "no" } }, true, [{ error: { message: "no" } }]],
  ];
  for (const [title, value, wantsUsage, chunks] of rows) {
    it(title, () => assert.deepEqual(asChat(value, wantsUsage), chunks));
  }
});
