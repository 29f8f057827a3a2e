import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AnswerWatch, watchAnswer } from "../../src/protocol/answer-watch.ts";
import { bytesOf } from "./chunks.ts";
import { chatChunk, events, PROGRESS, ROLE, TIMINGS, USAGE_CHUNK } from "./streams.ts";

function watched(...pieces: readonly Uint8Array[]): AnswerWatch {
  const watch = watchAnswer("openai-chat", true);
  for (const piece of pieces) watch.push(piece);
  return watch;
}

function body(text: string): AnswerWatch {
  const watch = watchAnswer("openai-chat", false);
  watch.push(bytesOf(text));
  watch.end();
  return watch;
}

describe("the beginning of a chat completion", () => {
  it("is not a role delta, a progress chunk, a keep-alive chunk, an empty delta or a comment", () => {
    const mlx = chatChunk({ role: "assistant", content: "", reasoning: "", tool_calls: [] });
    const { started, tokens } = watched(
      bytesOf(": keepalive 2048/9000\n\n:\n\n"),
      events(ROLE, { ...ROLE, prompt_progress: PROGRESS }, mlx, chatChunk({})),
      events({ ...chatChunk({ role: "assistant", content: "" }), id: "chatcmpl-keepalive" }),
    );
    assert.deepEqual({ started, tokens }, { started: false, tokens: 0 });
  });

  it("is the first text, reasoning, refusal or tool call, by whatever name the engine has for it", () => {
    const call = { index: 0, id: "c1", type: "function", function: { name: "look" } };
    const deltas = [
      { content: "a" },
      { content: [{ type: "text", text: "a" }] },
      { reasoning_content: "a" },
      { reasoning: "a" },
      { thinking: "a" },
      { refusal: "a" },
      { tool_calls: [call] },
      { function_call: { name: "look", arguments: "" } },
    ];
    for (const delta of deltas) assert.ok(watched(events(ROLE, chatChunk(delta))).started, JSON.stringify(delta));
  });

  it("is no keep-alive chunk even if that has text", () => {
    assert.equal(watched(events({ ...chatChunk({ content: " " }), id: "chatcmpl-keepalive" })).started, false);
  });

  it("is counted piece by piece, several of which may come at once", () => {
    const watch = watched(
      events(ROLE, chatChunk({ content: "a" }), chatChunk({ content: "b" })),
      events(chatChunk({ content: "c" })),
    );
    assert.equal(watch.tokens, 3);
    assert.equal(watch.outcome, "open");
  });

  it("is the first visible byte of an answer that is not streamed", () => {
    const watch = watchAnswer("openai-chat", false);
    watch.push(bytesOf("  \n "));
    assert.equal(watch.started, false);
    watch.push(bytesOf(' {"id"'));
    assert.equal(watch.started, true);
  });
});

describe("the end of a chat completion", () => {
  it("is its finish reason, before [DONE] and before the connection ends", () => {
    const watch = watched(events(ROLE, chatChunk({ content: "a" }), chatChunk({}, "length")));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "length");
  });

  it("is not [DONE], and a stream that ends with it alone was cut", () => {
    const watch = watched(events(ROLE, chatChunk({ content: "a" }), "[DONE]"));
    assert.equal(watch.outcome, "open");
    watch.end();
    assert.equal(watch.outcome, "cut");
  });

  it("is seen in a last event that lacks its blank line, and not in half an event", () => {
    const last = events(chatChunk({ content: "." }, "stop"));
    const whole = watched(last.subarray(0, -2));
    whole.end();
    assert.equal(whole.outcome, "finished");
    const half = watched(last.subarray(0, -9));
    half.end();
    assert.equal(half.outcome, "cut");
  });

  it("is the end of all choices that were asked for", () => {
    const watch = watchAnswer("openai-chat", true, 2);
    watch.push(events(chatChunk({ content: "a" }, "stop", 1)));
    assert.equal(watch.outcome, "open");
    watch.push(events(chatChunk({ content: "a" }, "length", 0)));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "length");
  });

  it("stays finished, and its usage is read, whatever comes behind it", () => {
    const watch = watched(events(chatChunk({}, "stop")), events(USAGE_CHUNK, { error: "too late" }, "[DONE]"));
    watch.end();
    watch.push(events({ error: "much too late" }));
    assert.equal(watch.outcome, "finished");
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 4 });
  });

  it("is a failure when the engine gave up, although it has a finish reason", () => {
    const watch = watched(events(chatChunk({ content: "a" }), chatChunk({}, "abort")));
    assert.equal(watch.outcome, "failed");
    assert.equal(watch.error?.code, "abort");
  });
});

describe("an error inside a chat completion", () => {
  it("is a failure, and [DONE] behind it makes it no success", () => {
    const watch = watched(
      events(ROLE, chatChunk({ content: "a" }), { error: { message: "no room", code: 500 } }, "[DONE]"),
    );
    watch.end();
    assert.equal(watch.outcome, "failed");
    assert.deepEqual(watch.error, { message: "no room", code: 500 });
  });

  it("stays a failure when the engine sends a finish reason after it", () => {
    const watch = watched(events({ error: "metal ran out" }, chatChunk({}, "stop")));
    assert.equal(watch.outcome, "failed");
    assert.deepEqual(watch.error, { message: "metal ran out" });
  });

  it("is recognised in a body behind leading spaces, and in the forms of other engines", () => {
    const late = body('    {"error":{"message":"busy","type":"server_error","code":503}}');
    assert.equal(late.outcome, "failed");
    assert.deepEqual(late.error, { message: "busy", type: "server_error", code: 503 });
    assert.equal(body('{"error": "no"}').error?.message, "no");
    assert.equal(body('{"detail":{"error":"busy","message":"retry later"}}').error?.message, "retry later");
  });

  it("is never what the model wrote", () => {
    const text = '{"error":{"message":"x"}}\n\ndata: {"error":"x"}';
    const watch = watched(events(chatChunk({ content: text }), chatChunk({ content: "error" }), chatChunk({}, "stop")));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.error, undefined);
  });
});

describe("the usage of a chat completion", () => {
  it("is the engine's last word", () => {
    const early = { ...chatChunk({ content: "a" }), usage: { prompt_tokens: 12, completion_tokens: 1 } };
    assert.deepEqual(watched(events(early)).usage, { promptTokens: 12, completionTokens: 1 });
    assert.deepEqual(watched(events(early, USAGE_CHUNK)).usage, { promptTokens: 12, completionTokens: 4 });
  });

  it("is read from llama-server's timings token by token, the cached part of the prompt included", () => {
    const watch = watched(events(ROLE, { ...chatChunk({ content: "a" }), timings: TIMINGS }));
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 4 });
    watch.push(events({ ...chatChunk({ content: "b" }), timings: { ...TIMINGS, predicted_n: 6 } }));
    assert.equal(watch.usage.completionTokens, 6);
    assert.equal(watch.tokens, 2);
  });
});

describe("a chat completion that is not streamed", () => {
  const message = { role: "assistant", content: "hello" };

  it("is finished when it is whole, and cut when it is not", () => {
    const text = JSON.stringify({
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
    });
    const whole = body(text);
    assert.equal(whole.outcome, "finished");
    assert.equal(whole.finishReason, "stop");
    assert.deepEqual(whole.usage, { promptTokens: 3, completionTokens: 1 });
    assert.equal(whole.tokens, 0);
    assert.equal(body(text.slice(0, -1)).outcome, "cut");
    assert.equal(body("").outcome, "cut");
    assert.equal(body("<html>bad gateway</html>").outcome, "cut");
  });

  it("is open until its end is known, even when all of it came", () => {
    const watch = watchAnswer("openai-chat", false);
    watch.push(bytesOf(JSON.stringify({ choices: [] })));
    assert.equal(watch.outcome, "open");
  });

  it("that is too large to be kept is finished, for it may have been", () => {
    const watch = watchAnswer("openai-chat", false);
    const megabyte = new Uint8Array(1024 * 1024).fill(0x20);
    for (let count = 0; count < 17; count += 1) watch.push(megabyte);
    watch.push(bytesOf("{"));
    assert.equal(watch.started, true);
    watch.end();
    assert.equal(watch.outcome, "finished");
  });
});

describe("a completion", () => {
  it("begins with its first text and ends with its finish reason", () => {
    const watch = watchAnswer("openai-completions", true);
    const chunk = (text: string, finishReason: string | null): Uint8Array =>
      events({ choices: [{ text, index: 0, logprobs: null, finish_reason: finishReason }], object: "text_completion" });
    watch.push(chunk("", null));
    assert.equal(watch.started, false);
    watch.push(chunk("a", null));
    assert.equal(watch.started, true);
    watch.push(chunk("b", "stop"));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.tokens, 2);
  });
});
