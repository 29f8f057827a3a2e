import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watchAnswer } from "../../src/protocol/answer-watch.ts";
import { bytesOf } from "./chunks.ts";
import { events, type Json, lines, PROGRESS, TIMINGS, typedEvents } from "./streams.ts";

describe("an Anthropic message", () => {
  const start = {
    type: "message_start",
    message: { id: "m", usage: { input_tokens: 3, cache_read_input_tokens: 9, output_tokens: 0 } },
  };
  const text = (value: string): Json => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: value },
  });
  const opened = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };

  it("begins with text, thinking, a tool's name or its input, and not with a ping or an open block", () => {
    const thinking = { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } };
    const tool = { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "look" } };
    const input = { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{" } };
    for (const first of [text("a"), thinking, tool, input]) {
      const watch = watchAnswer("anthropic-messages", true);
      watch.push(typedEvents(start, { type: "ping" }, opened, text("")));
      assert.equal(watch.started, false);
      watch.push(typedEvents(first));
      assert.equal(watch.started, true, JSON.stringify(first));
    }
  });

  it("ends with message_stop, for the reason that came before it", () => {
    const watch = watchAnswer("anthropic-messages", true);
    watch.push(typedEvents(start, opened, text("a"), text("b"), { type: "content_block_stop", index: 0 }));
    const delta = { stop_reason: "max_tokens", stop_sequence: null };
    watch.push(typedEvents({ type: "message_delta", delta, usage: { input_tokens: 0, output_tokens: 2 } }));
    assert.equal(watch.outcome, "open");
    watch.push(typedEvents({ type: "message_stop" }));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "max_tokens");
    assert.equal(watch.tokens, 2);
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 2 });
  });

  it("fails with an error event, in Anthropic's form and in llama-server's", () => {
    for (const data of [
      { type: "error", error: { type: "api_error", message: "no" } },
      { code: 500, message: "no", type: "api_error" },
    ]) {
      const watch = watchAnswer("anthropic-messages", true);
      watch.push(typedEvents(start, text("a")));
      watch.push(bytesOf(`event: error\ndata: ${JSON.stringify(data)}\n\n`));
      watch.push(typedEvents({ type: "message_stop" }));
      assert.equal(watch.outcome, "failed");
      assert.equal(watch.error?.message, "no");
    }
  });

  it("that is not streamed tells its reason and its usage", () => {
    const watch = watchAnswer("anthropic-messages", false);
    const usage = { input_tokens: 12, output_tokens: 2 };
    watch.push(bytesOf(JSON.stringify({ type: "message", content: [], stop_reason: "end_turn", usage })));
    watch.end();
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "end_turn");
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 2 });
  });
});

describe("a response of the Responses API", () => {
  const created = { type: "response.created", response: { id: "r", object: "response", status: "in_progress" } };
  const added = { type: "response.output_item.added", item: { type: "message", content: [] } };

  it("begins with the first delta of any kind that is not empty", () => {
    for (const kind of ["output_text", "reasoning_text", "function_call_arguments", "refusal"]) {
      const watch = watchAnswer("openai-responses", true);
      watch.push(typedEvents(created, added, { type: `response.${kind}.delta`, delta: "" }));
      assert.equal(watch.started, false);
      watch.push(typedEvents({ type: `response.${kind}.delta`, delta: "a" }));
      assert.equal(watch.started, true, kind);
    }
  });

  it("ends completed or incomplete", () => {
    const usage = { input_tokens: 12, output_tokens: 4 };
    const ends = [
      [{ type: "response.completed", response: { object: "response", status: "completed", usage } }, "completed"],
      [
        {
          type: "response.incomplete",
          response: {
            object: "response",
            status: "incomplete",
            incomplete_details: { reason: "max_output_tokens" },
            usage,
          },
        },
        "max_output_tokens",
      ],
    ] as const;
    for (const [end, reason] of ends) {
      const watch = watchAnswer("openai-responses", true);
      watch.push(typedEvents(created, added, { type: "response.output_text.delta", delta: "a" }));
      watch.push(typedEvents({ type: "response.output_text.done", text: "a" }));
      assert.equal(watch.outcome, "open");
      watch.push(typedEvents(end));
      assert.equal(watch.outcome, "finished");
      assert.equal(watch.finishReason, reason);
      assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 4 });
    }
  });

  it("fails when the response failed or an error event comes", () => {
    const failed = { type: "response.failed", response: { status: "failed", error: { code: "x", message: "no" } } };
    for (const end of [failed, { type: "error", code: "x", message: "no", param: null }]) {
      const watch = watchAnswer("openai-responses", true);
      watch.push(typedEvents(created, end));
      watch.end();
      assert.equal(watch.outcome, "failed");
      assert.deepEqual(watch.error, { message: "no", code: "x" });
    }
  });

  it("that is not streamed has the same ends", () => {
    const outcomes = ["completed", "incomplete", "failed"].map((status) => {
      const watch = watchAnswer("openai-responses", false);
      watch.push(bytesOf(JSON.stringify({ object: "response", status, error: null })));
      watch.end();
      return watch.outcome;
    });
    assert.deepEqual(outcomes, ["finished", "finished", "failed"]);
  });
});

describe("an Ollama answer", () => {
  const chat = (message: Json, rest: Json = { done: false }): Json => ({ model: "m", message, ...rest });

  it("begins with content, thinking or a tool call, and ends with done", () => {
    for (const piece of [{ content: "a" }, { content: "", thinking: "a" }, { content: "", tool_calls: [{}] }]) {
      const watch = watchAnswer("ollama-chat", true);
      watch.push(lines(chat({ role: "assistant", content: "" })));
      assert.equal(watch.started, false);
      watch.push(lines(chat(piece)));
      assert.equal(watch.started, true, JSON.stringify(piece));
      const last = { done: true, done_reason: "stop", prompt_eval_count: 12, eval_count: 4 };
      watch.push(lines(chat({ role: "assistant", content: "" }, last)));
      assert.equal(watch.outcome, "finished");
      assert.equal(watch.finishReason, "stop");
      assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 4 });
    }
  });

  it("generated from a prompt is told alike", () => {
    const watch = watchAnswer("ollama-generate", true);
    watch.push(lines({ model: "m", response: "a", done: false }, { model: "m", response: "b", done: false }));
    assert.equal(watch.tokens, 2);
    watch.push(lines({ model: "m", response: "", done: true, context: [1], eval_count: 2 }).subarray(0, -1));
    watch.end();
    assert.equal(watch.outcome, "finished");
  });

  it("fails with an error line although the status was good, and is cut without done", () => {
    const failed = watchAnswer("ollama-chat", true);
    failed.push(lines(chat({ content: "a" }), { error: "llama runner has terminated" }));
    assert.equal(failed.outcome, "failed");
    assert.equal(failed.error?.message, "llama runner has terminated");
    const cut = watchAnswer("ollama-chat", true);
    cut.push(lines(chat({ content: "a" })));
    cut.end();
    assert.equal(cut.outcome, "cut");
  });

  it("to a request that only loads the model is finished without having begun", () => {
    const watch = watchAnswer("ollama-generate", true);
    watch.push(lines({ model: "m", response: "", done: true, done_reason: "load" }));
    assert.equal(watch.started, false);
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "load");
  });
});

describe("llama-server's own completion", () => {
  const piece = {
    index: 0,
    content: "a",
    tokens: [5],
    stop: false,
    id_slot: 0,
    tokens_predicted: 1,
    tokens_evaluated: 12,
  };

  it("begins with content, not with progress, and ends with stop", () => {
    const watch = watchAnswer("llama-completion", true);
    watch.push(events({ ...piece, content: "", prompt_progress: PROGRESS }));
    assert.equal(watch.started, false);
    watch.push(events(piece, { ...piece, content: "b", timings: TIMINGS }));
    assert.equal(watch.tokens, 2);
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 1 });
    watch.push(events({ ...piece, content: "", stop: true, stop_type: "limit", tokens_predicted: 2 }));
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "limit");
    assert.deepEqual(watch.usage, { promptTokens: 12, completionTokens: 2 });
  });

  it("ends with an object of chosen fields that has no stop", () => {
    const watch = watchAnswer("llama-completion", true);
    watch.push(events(piece, { tokens_predicted: 1 }));
    assert.equal(watch.outcome, "finished");
  });

  it("of several prompts is an array where it is not streamed", () => {
    const watch = watchAnswer("llama-completion", false);
    const whole = { ...piece, stop: true, stop_type: "eos" };
    watch.push(bytesOf(JSON.stringify([whole, { ...whole, index: 1 }])));
    watch.end();
    assert.equal(watch.outcome, "finished");
    assert.equal(watch.finishReason, "eos");
  });
});

describe("an answer that is computed", () => {
  function glimpse(dialect: "openai-embeddings" | "ollama-embed" | "rerank" | "opaque", ...pieces: readonly string[]) {
    const watch = watchAnswer(dialect, false);
    for (const text of pieces) watch.push(bytesOf(text));
    watch.end();
    return watch;
  }
  const vectors = `{"data":[${"0.25,".repeat(40_000)}0],"usage":{"prompt_tokens":31,"total_tokens":31}}`;

  it("is finished when its JSON is whole, however large, and its prompt is counted", () => {
    for (const pieces of [
      [vectors],
      [vectors.slice(0, 50_000), vectors.slice(50_000)],
      ['{"usage":{"prompt_tokens": 31}}'],
    ]) {
      const watch = glimpse("openai-embeddings", ...pieces);
      assert.equal(watch.outcome, "finished");
      assert.deepEqual(watch.usage, { promptTokens: 31 });
    }
    assert.deepEqual(glimpse("ollama-embed", '{"embeddings":[[1]],"prompt_eval_count":7}').usage, { promptTokens: 7 });
  });

  it("is cut when its JSON is not whole", () => {
    assert.equal(glimpse("openai-embeddings", vectors.slice(0, -1000)).outcome, "cut");
    assert.equal(glimpse("rerank", '{"results":[{"index":0}').outcome, "cut");
    assert.equal(glimpse("rerank").outcome, "cut");
  });

  it("fails with an error in its body", () => {
    assert.equal(glimpse("openai-embeddings", ' {"error":{"message":"no"}}').outcome, "failed");
    assert.equal(glimpse("opaque", '{"detail":"no"}').error?.message, "no");
  });

  it("may be anything where the dialect is opaque", () => {
    assert.equal(glimpse("opaque", "RIFF\u0000 no JSON").outcome, "finished");
    assert.equal(glimpse("opaque", '{"text":"hello"}').outcome, "finished");
    assert.equal(glimpse("opaque").outcome, "finished");
  });
});
