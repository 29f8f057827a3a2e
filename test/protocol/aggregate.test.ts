import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { aggregatesExactly, aggregator } from "../../src/protocol/aggregate.ts";
import { concatenate } from "../../src/protocol/frame.ts";
import type { Hidden } from "../../src/protocol/hide.ts";
import type { DialectName } from "../../src/protocol/route.ts";
import { bytesOf, chunksOf, textOf } from "./chunks.ts";
import {
  chatAnswer,
  chatChunks,
  completionAnswer,
  completionStream,
  messageAnswer,
  messageStream,
  nativeAnswer,
  nativeChunks,
  responseAnswer,
  responseStream,
  type Written,
  written,
} from "./llama-answers.ts";
import { chatChunk, events, type Json, ROLE, typedEvents, USAGE, USAGE_CHUNK } from "./streams.ts";

function aggregate(dialect: DialectName, chunks: readonly Uint8Array[], hidden: readonly Hidden[] = []): unknown {
  const collected = aggregator(dialect, hidden);
  assert.ok(collected !== undefined);
  for (const chunk of chunks) collected.push(chunk);
  const text = textOf(collected.result());
  return text === undefined ? undefined : JSON.parse(text);
}

function ofChat(...values: readonly (Json | string)[]): { choices: Json[] } & Json {
  return aggregate("openai-chat", [events(...values)]) as { choices: Json[] } & Json;
}

function messageOf(...deltas: readonly Json[]): unknown {
  return ofChat(...deltas.map((delta) => chatChunk(delta)), chatChunk({}, "stop")).choices[0]?.["message"];
}

const asked = fc.subarray<Hidden>(["progress", "timings"]);

/** `stream` in any chunks must make `answer`. */
function holds(dialect: DialectName, stream: Uint8Array, answer: unknown, hidden: readonly Hidden[] = []): void {
  fc.assert(
    fc.property(chunksOf(stream), (chunks) => assert.deepEqual(aggregate(dialect, chunks, hidden), answer)),
    { numRuns: 5 },
  );
}

/** The chunks of several choices in an order in which they may come. */
function interleaved(choices: readonly (readonly Json[])[], turns: readonly number[]): Json[] {
  // The end of a choice and its usage are written together.
  const queues = choices.map((chunks) => [...chunks.slice(0, -2).map((chunk) => [chunk]), chunks.slice(-2)]);
  const merged: Json[] = [];
  for (const turn of turns) merged.push(...(queues[turn % queues.length]?.shift() ?? []));
  return [...merged, ...queues.toReversed().flat(2)];
}

describe("the aggregate of a stream from llama-server equals its own answer member by member", () => {
  it("to a chat completion: text, reasoning, tool calls, usage, timings, all choices", () => {
    const turns = fc.array(fc.nat(2), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), asked, turns, (answers, hidden, order) => {
        const chunks = answers.map((answer, index) => chatChunks(answer, index, new Set(hidden)));
        const stream = events(...interleaved(chunks, order), "[DONE]");
        holds("openai-chat", stream, chatAnswer(answers), hidden);
      }),
    );
  });

  it("to a completion", () => {
    fc.assert(
      fc.property(written, (answer) => holds("openai-completions", completionStream(answer), completionAnswer(answer))),
    );
  });

  it("to its own completion, of one prompt and of several", () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), asked, (answers, hidden) => {
        const chunks = answers.map((answer, index) => nativeChunks(answer, index, new Set(hidden)));
        holds("llama-completion", events(...chunks.toReversed().flat()), nativeAnswer(answers), hidden);
      }),
    );
  });

  it("to an Anthropic message", () => {
    fc.assert(
      fc.property(written, (answer) => holds("anthropic-messages", messageStream(answer), messageAnswer(answer))),
    );
  });

  it("to a response", () => {
    fc.assert(
      fc.property(written, (answer) => holds("openai-responses", responseStream(answer), responseAnswer(answer))),
    );
  });
});

describe("the message of a chat completion", () => {
  it("has text as content, empty if there is none, beside tool calls too", () => {
    const call = { index: 0, id: "c", type: "function", function: { name: "look" } };
    const whole = { id: "c", type: "function", function: { name: "look", arguments: "" } };
    assert.deepEqual(messageOf({ role: "assistant", content: null }), { role: "assistant", content: "" });
    assert.deepEqual(messageOf({ role: "assistant", content: null }, { tool_calls: [call] }), {
      role: "assistant",
      content: "",
      tool_calls: [whole],
    });
  });

  it("joins the arguments of each tool call by its index, in whatever order they come", () => {
    const part = (index: number, args: string): Json => ({ tool_calls: [{ index, function: { arguments: args } }] });
    const begin = (index: number): Json => ({
      index,
      id: `c${index}`,
      type: "function",
      function: { name: `f${index}` },
    });
    assert.deepEqual(
      messageOf(
        { tool_calls: [begin(1)] },
        { tool_calls: [begin(0)] },
        part(1, "{"),
        part(0, "["),
        part(1, "}"),
        part(0, "]"),
      ),
      {
        role: "assistant",
        content: "",
        tool_calls: [
          { id: "c0", type: "function", function: { name: "f0", arguments: "[]" } },
          { id: "c1", type: "function", function: { name: "f1", arguments: "{}" } },
        ],
      },
    );
  });

  it("takes tool calls without an index one after the other", () => {
    const begin = (id: string): Json => ({ tool_calls: [{ id, function: { name: id, arguments: "" } }] });
    const args = { tool_calls: [{ function: { arguments: "{}" } }] };
    assert.deepEqual(messageOf(begin("a"), args, begin("b"), args), {
      role: "assistant",
      content: "",
      tool_calls: ["a", "b"].map((id) => ({ type: "function", id, function: { name: id, arguments: "{}" } })),
    });
  });

  it("has the members that mlx_lm sends in every delta, empty ones too", () => {
    const delta = (content: string, reasoning: string): Json => ({
      role: "assistant",
      content,
      reasoning,
      tool_calls: [],
    });
    assert.deepEqual(messageOf(delta("", "hm"), delta("a", ""), delta("b", "")), {
      role: "assistant",
      content: "ab",
      reasoning: "hm",
      tool_calls: [],
    });
  });

  it("keeps the old form of a call, and members that nobody knows", () => {
    const deltas = [
      { function_call: { name: "look", arguments: "{" } },
      { function_call: { arguments: "}" }, weight: 1 },
    ];
    assert.deepEqual(messageOf(...deltas, { note: "a", weight: 2 }, { note: "b" }), {
      role: "assistant",
      content: "",
      function_call: { name: "look", arguments: "{}" },
      weight: 2,
      note: "ab",
    });
  });
});

describe("the choices and the envelope of a chat completion", () => {
  it("have their log probabilities joined", () => {
    const chunk = (delta: Json, logprobs: Json): Json => {
      const [choice] = chatChunk(delta)["choices"] as Json[];
      return { ...chatChunk(delta), choices: [{ ...choice, logprobs }] };
    };
    const tokens = ["a", "b"].map((token) => ({ token, logprob: -0.5 }));
    const answer = ofChat(
      ...tokens.map((token) => chunk({ content: token.token }, { content: [token] })),
      chatChunk({}, "stop"),
    );
    assert.deepEqual(answer.choices[0]?.["logprobs"], { content: tokens });
  });

  it("keep unknown members as the last chunk had them, and leave keep-alive chunks out", () => {
    const keepAlive = { ...chatChunk({ role: "assistant", content: "" }, null, 7), id: "chatcmpl-keepalive" };
    const answer = ofChat(
      keepAlive,
      { ...ROLE, tier: "a" },
      { ...chatChunk({}, "stop"), tier: "b", usage: null },
      USAGE_CHUNK,
    );
    assert.equal(answer["tier"], "b");
    assert.equal(answer["id"], ROLE["id"]);
    assert.equal(answer["object"], "chat.completion");
    assert.equal(answer.choices.length, 1);
    assert.deepEqual(answer["usage"], USAGE);
  });

  it("keep a usage that later chunks leave empty", () => {
    const counted = { ...chatChunk({ content: "a" }), usage: USAGE };
    assert.deepEqual(ofChat(counted, { ...chatChunk({}, "stop"), usage: null })["usage"], USAGE);
  });

  it("have the usage of them all where the engine counts them together", () => {
    const counted = (count: number, chunk: Json): Json => ({ ...chunk, usage: { completion_tokens: count } });
    const ends = [counted(1, chatChunk({}, "stop", 0)), counted(2, chatChunk({}, "stop", 1))];
    assert.deepEqual(ofChat(...ends, counted(3, USAGE_CHUNK))["usage"], { completion_tokens: 3 });
  });
});

describe("an Anthropic message from its events", () => {
  const start = {
    type: "message_start",
    message: { id: "m", content: [], usage: { input_tokens: 3, output_tokens: 0 } },
  };
  const stop = [
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ];

  it("keeps its text when a block is begun a second time, as llama-server does at the end", () => {
    const begin = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
    const text = (value: string): Json => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: value },
    });
    assert.deepEqual(
      aggregate("anthropic-messages", [typedEvents(start, begin, text("a"), begin, text("b"), ...stop)]),
      {
        id: "m",
        content: [{ type: "text", text: "ab" }],
        usage: { input_tokens: 3, output_tokens: 2 },
        stop_reason: "end_turn",
      },
    );
  });

  it("collects citations, and takes input that is no JSON for none", () => {
    const cite = (value: string): Json => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "citations_delta", citation: value },
    });
    const begin = (index: number, block: Json): Json => ({ type: "content_block_start", index, content_block: block });
    const input = { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{" } };
    const answer = aggregate("anthropic-messages", [
      typedEvents(
        start,
        begin(0, { type: "text", text: "" }),
        cite("x"),
        cite("y"),
        begin(1, { type: "tool_use" }),
        input,
        ...stop,
      ),
    ]) as Json;
    assert.deepEqual(answer["content"], [
      { type: "text", text: "", citations: ["x", "y"] },
      { type: "tool_use", input: {} },
    ]);
  });
});

describe("llama-server's own completion from its objects", () => {
  const end = { stop: true, content: "", tokens: [], generation_settings: { stream: true } };

  it("has the probabilities of all pieces", () => {
    const piece = (id: number): Json => ({ stop: false, content: "a", completion_probabilities: [{ id }] });
    assert.deepEqual(aggregate("llama-completion", [events(piece(1), piece(2), end)]), {
      ...end,
      content: "aa",
      generation_settings: { stream: false },
      completion_probabilities: [{ id: 1 }, { id: 2 }],
    });
  });

  it("has only the fields that were asked for", () => {
    const piece = { stop: false, content: "a" };
    assert.deepEqual(aggregate("llama-completion", [events(piece, { tokens_predicted: 1 })]), { tokens_predicted: 1 });
    assert.deepEqual(aggregate("llama-completion", [events(piece, { content: "" })]), { content: "a" });
  });
});

describe("a response from its events", () => {
  it("is what the last event holds, unchanged where the engine numbers its events", () => {
    const response = { id: "r", status: "incomplete", created_at: 1, output: [{ type: "reasoning" }] };
    const end = { type: "response.incomplete", sequence_number: 9, response };
    assert.deepEqual(aggregate("openai-responses", [typedEvents(end)]), response);
  });
});

describe("an aggregate", () => {
  const one: Written = { reasoning: [], content: ["a"], calls: [], stop: "eos" };
  const streams: readonly (readonly [DialectName, Uint8Array])[] = [
    ["openai-chat", events(...chatChunks(one, 0, new Set()), "[DONE]")],
    ["openai-completions", completionStream(one)],
    ["openai-responses", responseStream(one)],
    ["anthropic-messages", messageStream(one)],
    ["llama-completion", events(...nativeChunks(one, 0, new Set()))],
  ];

  it("is not made of a stream that was cut before its end, or that holds an error", () => {
    for (const [dialect, stream] of streams) {
      const text = textOf(stream) ?? "";
      const end = /data: [^\n]*(?:finish_reason":"|message_stop|response\.completed|stop":true)/.exec(text);
      assert.ok(end !== null, dialect);
      assert.equal(
        aggregate(dialect, [stream.subarray(0, bytesOf(text.slice(0, end.index)).length)]),
        undefined,
        dialect,
      );
      assert.equal(aggregate(dialect, [events({ error: "no" }), stream]), undefined, dialect);
      const whole = aggregate(dialect, [stream]);
      assert.notEqual(whole, undefined, dialect);
      assert.deepEqual(aggregate(dialect, [stream, events({ error: "too late" })]), whole, dialect);
      assert.equal(aggregate(dialect, []), undefined, dialect);
    }
  });

  it("is not made of what the engine gave up", () => {
    assert.equal(ofChat(chatChunk({ content: "a" }), chatChunk({}, "abort")), undefined);
  });

  it("is not made of half of the choices that began", () => {
    assert.equal(ofChat(chatChunk({ content: "a" }, null, 1), chatChunk({}, "stop", 0)), undefined);
  });

  it("is not made where an event was too large to read, and memory stays bounded meanwhile", () => {
    const collected = aggregator("openai-chat");
    collected?.push(bytesOf("data: "));
    const megabyte = new Uint8Array(1024 * 1024).fill(0x20);
    for (let count = 0; count < 20; count += 1) collected?.push(megabyte);
    collected?.push(bytesOf("\n\n"));
    collected?.push(events(chatChunk({ content: "a" }), chatChunk({}, "stop")));
    assert.equal(collected?.result(), undefined);
  });

  it("stays the same when it is asked for again, whatever is pushed after that", () => {
    const collected = aggregator("openai-chat");
    collected?.push(events(chatChunk({ content: "a" }, "stop")));
    const first = collected?.result();
    collected?.push(events(chatChunk({ content: "b" }, "stop")));
    assert.equal(collected?.result(), first);
  });

  it("never throws, whatever comes, and has no members but its own", () => {
    const key = fc.constantFrom(
      "choices",
      "delta",
      "tool_calls",
      "function",
      "index",
      "type",
      "message",
      "usage",
      "__proto__",
      "stop",
    );
    const type = fc.constantFrom(
      "message_start",
      "content_block_start",
      "content_block_delta",
      "message_stop",
      "response.completed",
    );
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.oneof(fc.constantFrom(null, true, 0, 7, "", "a"), type),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 5 }),
      ),
    })).any;
    const dialect = fc.constantFrom(...streams.map(([name]) => name));
    fc.assert(
      fc.property(dialect, fc.array(json, { maxLength: 6 }), (name, values) => {
        const texts = values.map((value) => bytesOf(`data: ${JSON.stringify(value)}\n\n`));
        aggregate(name, [concatenate([new Uint8Array(0), ...texts])]);
        assert.ok(!("a" in Object.prototype) && Object.keys(Object.prototype).length === 0);
      }),
      { numRuns: 500 },
    );
  });

  it("is not promised to be exact with log probabilities, nor there for dialects that answer line by line", () => {
    assert.equal(aggregatesExactly("openai-chat", { logprobs: false }), true);
    assert.equal(aggregatesExactly("openai-chat", { logprobs: true }), false);
    for (const dialect of ["ollama-chat", "openai-embeddings", "opaque"] as const) {
      assert.equal(aggregator(dialect), undefined);
      assert.equal(aggregatesExactly(dialect, { logprobs: false }), false);
    }
  });
});
