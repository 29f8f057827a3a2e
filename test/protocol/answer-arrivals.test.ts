import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AnswerWatch, watchAnswer } from "../../src/protocol/answer-watch.ts";
import { concatenate } from "../../src/protocol/frame.ts";
import type { DialectName } from "../../src/protocol/route.ts";
import { bytesOf, chunksOf } from "./chunks.ts";
import { chatChunk, events, lines, PROGRESS, ROLE, TIMINGS, typedEvents, USAGE_CHUNK } from "./streams.ts";

/** Pieces of streams, good and bad, that are put together at random. */
const PIECES: Partial<Record<DialectName, readonly Uint8Array[]>> = {
  "openai-chat": [
    events(ROLE),
    events({ ...ROLE, prompt_progress: PROGRESS }),
    events(chatChunk({ content: "é" }), chatChunk({ reasoning: "😀" })),
    events({ ...chatChunk({ content: '"error":{' }), timings: TIMINGS }),
    events(chatChunk({}, "stop")),
    events(chatChunk({ tool_calls: [{ index: 0 }] }, "tool_calls", 1)),
    events(USAGE_CHUNK, "[DONE]"),
    events({ error: { message: "no" } }),
    bytesOf(": waiting\n\n"),
  ],
  "anthropic-messages": [
    typedEvents({ type: "message_start", message: { usage: { input_tokens: 3 } } }),
    typedEvents({ type: "content_block_delta", delta: { type: "text_delta", text: "é" } }),
    typedEvents({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }),
    typedEvents({ type: "message_stop" }),
    typedEvents({ type: "ping" }),
    bytesOf('event: error\r\ndata: {"message":\r\ndata: "no"}\r\n\r\n'),
  ],
  "openai-responses": [
    typedEvents({ type: "response.output_text.delta", delta: "é" }),
    typedEvents({ type: "response.completed", response: { status: "completed" } }),
    typedEvents({ type: "response.failed", response: { status: "failed" } }),
  ],
  "ollama-chat": [
    lines({ message: { content: "é" }, done: false }),
    lines({ message: { content: "" }, done: true, done_reason: "stop", eval_count: 2 }),
    lines({ error: "no" }),
    bytesOf("\r\n"),
  ],
  "llama-completion": [
    events({ content: "é", stop: false, index: 1 }),
    events({ content: "", stop: true, stop_type: "eos", index: 1, tokens_predicted: 3 }),
    events({ error: { message: "no" } }),
  ],
};
const GARBAGE = [
  "data: {\n\n",
  "{",
  "}\n",
  "data: [1,\n\n",
  "data: null\n\n",
  '"',
  "\r",
  "\uFEFF",
  "event: error\n\n",
  "data:",
].map(bytesOf);
const DIALECTS = Object.keys(PIECES) as DialectName[];

function told(watch: AnswerWatch): unknown {
  const { started, outcome, finishReason, usage, tokens, error } = watch;
  return { started, outcome, finishReason, usage, tokens, error };
}

function watched(dialect: DialectName, streaming: boolean, chunks: readonly Uint8Array[]): AnswerWatch {
  const watch = watchAnswer(dialect, streaming, 2);
  for (const chunk of chunks) watch.push(chunk);
  return watch;
}

describe("a watch over a stream", () => {
  for (const dialect of DIALECTS) {
    const stream = fc
      .array(fc.constantFrom(...(PIECES[dialect] ?? []), ...GARBAGE), { maxLength: 12 })
      .map((pieces) => concatenate([new Uint8Array(0), ...pieces]));
    const arrival = stream.chain((bytes) => fc.tuple(fc.constant(bytes), chunksOf(bytes)));

    it(`tells the same in whatever chunks the stream comes (${dialect})`, () => {
      fc.assert(
        fc.property(arrival, ([bytes, chunks]) => {
          const whole = watched(dialect, true, [bytes]);
          const parts = watched(dialect, true, chunks);
          // A CR at the end of what came so far may be half a line end, so only the end is the same for certain.
          whole.end();
          parts.end();
          assert.deepEqual(told(parts), told(whole));
        }),
      );
    });

    it(`never takes a beginning, an end or a failure back (${dialect})`, () => {
      fc.assert(
        fc.property(arrival, ([, chunks]) => {
          const watch = watchAnswer(dialect, true, 2);
          let [started, outcome, tokens]: [boolean, string, number] = [false, "open", 0];
          for (const chunk of chunks) {
            watch.push(chunk);
            assert.ok(watch.started || !started);
            assert.ok(outcome === "open" || watch.outcome === outcome, `${outcome} became ${watch.outcome}`);
            assert.ok(watch.tokens >= tokens);
            ({ started, outcome, tokens } = watch);
          }
          watch.end();
          assert.ok(outcome === "open" ? watch.outcome !== "open" : watch.outcome === outcome);
        }),
      );
    });
  }
});

describe("a watch over anything", () => {
  const dialect = fc.constantFrom<DialectName>(
    ...DIALECTS,
    "openai-completions",
    "ollama-generate",
    "rerank",
    "opaque",
  );
  const key = fc.constantFrom(
    "choices",
    "delta",
    "message",
    "content",
    "error",
    "usage",
    "type",
    "index",
    "stop",
    "done",
    "response",
  );
  const json = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(null, true, 0, -1, 1e300, "", "a", "error", "message_stop", "response.completed", "message"),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(key, tie("any"), { maxKeys: 5 }),
    ),
  })).any;

  it("never throws, and ends in an outcome, whatever bytes come", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(json).map((values) => bytesOf(values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(""))),
      fc.array(json).map((values) => bytesOf(values.map((value) => `${JSON.stringify(value)}\n`).join(""))),
    );
    fc.assert(
      fc.property(dialect, fc.boolean(), fc.array(bytes, { maxLength: 4 }), (name, streaming, chunks) => {
        const watch = watched(name, streaming, chunks);
        assert.ok(["open", "finished", "failed"].includes(watch.outcome));
        watch.end();
        assert.ok(["finished", "failed", "cut"].includes(watch.outcome));
        if (watch.outcome === "failed") assert.notEqual(watch.error?.message ?? "", "");
      }),
      { numRuns: 500 },
    );
  });

  it("keeps no more than the limit of an event that never ends, and reads on behind one that does", () => {
    const watch = watchAnswer("openai-chat", true);
    watch.push(bytesOf('data: {"choices":[{"delta":{"content":"'));
    const megabyte = new Uint8Array(1024 * 1024).fill(0x78);
    for (let count = 0; count < 40; count += 1) watch.push(megabyte);
    watch.push(bytesOf('"}}]}\n\n'));
    assert.equal(watch.outcome, "open");
    watch.push(events(chatChunk({ content: "a" })));
    assert.equal(watch.started, true);
    watch.push(events(chatChunk({}, "stop")));
    assert.equal(watch.outcome, "finished");
  });

  it("calls an answer finished that ended behind a piece too large to read", () => {
    const watch = watchAnswer("openai-responses", true);
    watch.push(bytesOf("data: "));
    watch.push(new Uint8Array(17 * 1024 * 1024).fill(0x78));
    watch.end();
    assert.equal(watch.outcome, "finished");
  });
});
