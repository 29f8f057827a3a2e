/** Errors and heartbeats, read by the clients that they are meant for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { errorBody, errorFrame, type WireError } from "../../src/protocol/error-envelope.ts";
import { heartbeat, type HeartbeatForm } from "../../src/protocol/heartbeat.ts";
import type { DialectName } from "../../src/protocol/route.ts";
import { textOf } from "./json-texts.ts";

const FULL: WireError = { status: 429, code: "queue_full", message: 'the queue is "full"\n', retryAfterSeconds: 3 };

/** A server that answers everything in the same way. */
function answering(body: string, type: string, status = 200): typeof fetch {
  return () => Promise.resolve(new Response(body, { status, headers: { "content-type": type } }));
}

function stream(...frames: (Uint8Array | string | null)[]): typeof fetch {
  const text = frames.map((frame) => (typeof frame === "string" ? frame : textOf(frame ?? new Uint8Array()))).join("");
  return answering(text, "text/event-stream");
}

const KEY = { apiKey: "k", maxRetries: 0 };
const PROMPT = { model: "m", messages: [{ role: "user" as const, content: "hi" }] };

function openai(served: typeof fetch): OpenAI {
  return new OpenAI({ ...KEY, baseURL: "http://127.0.0.1/v1", fetch: served });
}

function anthropic(served: typeof fetch): Anthropic {
  return new Anthropic({ ...KEY, baseURL: "http://127.0.0.1", fetch: served });
}

async function collected<T>(events: PromiseLike<AsyncIterable<T>>): Promise<T[]> {
  return Array.fromAsync(await events);
}

describe("errorBody", () => {
  it("has OpenAI's form, and llama-server's API speaks it too", () => {
    const expected = { error: { message: FULL.message, type: "rate_limit_error", param: null, code: "queue_full" } };
    assert.deepEqual(JSON.parse(errorBody("openai", FULL)), expected);
    assert.deepEqual(JSON.parse(errorBody("llama", FULL)), expected);
  });

  it("has Anthropic's form, with the request id when there is one", () => {
    const expected = { type: "error", error: { type: "rate_limit_error", message: FULL.message } };
    assert.deepEqual(JSON.parse(errorBody("anthropic", FULL)), expected);
    const withId = { ...expected, request_id: "r1" };
    assert.deepEqual(JSON.parse(errorBody("anthropic", { ...FULL, requestId: "r1" })), withId);
  });

  it("has Ollama's form", () => {
    assert.deepEqual(JSON.parse(errorBody("ollama", FULL)), { error: FULL.message });
  });

  it("names the kind of error by its status, unless it is given", () => {
    const types: Record<number, [openai: string, anthropic: string]> = {
      400: ["invalid_request_error", "invalid_request_error"],
      401: ["authentication_error", "authentication_error"],
      404: ["invalid_request_error", "not_found_error"],
      413: ["invalid_request_error", "request_too_large"],
      418: ["invalid_request_error", "invalid_request_error"],
      502: ["server_error", "api_error"],
      503: ["server_error", "overloaded_error"],
      504: ["server_error", "timeout_error"],
    };
    const typeOf = (body: string): string => (JSON.parse(body) as { error: { type: string } }).error.type;
    for (const [status, expected] of Object.entries(types)) {
      const error = { ...FULL, status: Number(status) };
      assert.deepEqual([typeOf(errorBody("openai", error)), typeOf(errorBody("anthropic", error))], expected, status);
    }
    assert.equal(typeOf(errorBody("openai", { ...FULL, type: "own" })), "own");
  });

  it("reaches the clients with status, code and message", async () => {
    const json = "application/json";
    const { status, message } = FULL;
    const fromOpenAI = openai(answering(errorBody("openai", { ...FULL, param: "model" }), json, status));
    await assert.rejects(fromOpenAI.chat.completions.create(PROMPT), { status, code: "queue_full", param: "model" });
    const fromAnthropic = anthropic(answering(errorBody("anthropic", FULL), json, status));
    await assert.rejects(fromAnthropic.messages.create({ ...PROMPT, max_tokens: 1 }), {
      status,
      type: "rate_limit_error",
    });
    const fromOllama = new Ollama({ fetch: answering(errorBody("ollama", FULL), json, status) });
    await assert.rejects(fromOllama.chat(PROMPT), { status_code: status, error: message });
  });
});

describe("errorFrame", () => {
  it("ends an OpenAI client's stream with an exception that has the code", async () => {
    const client = openai(stream(errorFrame("openai-chat", FULL)));
    const chat = collected(client.chat.completions.create({ ...PROMPT, stream: true }));
    await assert.rejects(chat, { code: "queue_full", type: "rate_limit_error" });
    const responses = openai(stream(errorFrame("openai-responses", FULL)));
    const response = collected(responses.responses.create({ model: "m", input: "hi", stream: true }));
    await assert.rejects(response, { code: "queue_full" });
  });

  it("ends an Anthropic client's stream with an exception that has the type", async () => {
    const client = anthropic(stream(errorFrame("anthropic-messages", FULL)));
    const message = collected(client.messages.create({ ...PROMPT, max_tokens: 1, stream: true }));
    await assert.rejects(message, { type: "rate_limit_error" });
  });

  it("ends an Ollama client's stream with an exception that has the message", async () => {
    const served = answering(textOf(errorFrame("ollama-chat", FULL)), "application/x-ndjson");
    const answer = collected(new Ollama({ fetch: served }).chat({ ...PROMPT, stream: true }));
    await assert.rejects(answer, { message: FULL.message });
  });

  it("is one whole frame that never looks like a good end", () => {
    const dialects: DialectName[] = [
      "openai-chat",
      "openai-completions",
      "llama-completion",
      "opaque",
      "openai-responses",
    ];
    for (const dialect of dialects) {
      const text = textOf(errorFrame(dialect, FULL));
      assert.match(text, /^(?:event: error\n)?data: \{.*\}\n\n$/, dialect);
      assert.doesNotMatch(text, /DONE/);
    }
  });
});

describe("heartbeat", () => {
  const DELTA = { index: 0, delta: { role: "assistant", content: "hi" }, finish_reason: "stop" };
  const CHUNK = `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices: [DELTA] })}\n\n`;

  it("changes nothing of the answer that an OpenAI client reads", async () => {
    for (const form of ["comment", "delta"] as const) {
      const beat = heartbeat("openai-chat", form);
      const client = openai(stream(beat, beat, CHUNK, "data: [DONE]\n\n"));
      const chunks = await collected(client.chat.completions.create({ ...PROMPT, stream: true }));
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "hi", form);
      assert.equal(chunks.length, form === "comment" ? 1 : 3);
      const whole = await openai(stream(beat, CHUNK, "data: [DONE]\n\n"))
        .chat.completions.stream(PROMPT)
        .finalChatCompletion();
      assert.deepEqual([whole.choices[0]?.message.content, whole.id, whole.model], ["hi", "1", "m"]);
    }
  });

  it("is invisible to an Anthropic client", async () => {
    const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    const client = anthropic(stream(heartbeat("anthropic-messages"), stop));
    const events = await collected(client.messages.create({ ...PROMPT, max_tokens: 1, stream: true }));
    assert.deepEqual(events, [{ type: "message_stop" }]);
  });

  it("is an SSE comment, or an empty piece of answer where that is wanted", () => {
    for (const dialect of ["openai-chat", "openai-completions", "openai-responses", "llama-completion"] as const) {
      assert.equal(textOf(heartbeat(dialect)!), ": waiting\n\n");
    }
    for (const dialect of ["openai-chat", "openai-completions", "llama-completion"] as const) {
      assert.match(textOf(heartbeat(dialect, "delta")!), /^data: \{.*\}\n\n$/);
    }
  });

  it("stays silent where a stream has no room for it, and where nothing is wanted", () => {
    const silent: DialectName[] = [
      "ollama-chat",
      "ollama-generate",
      "ollama-embed",
      "openai-embeddings",
      "rerank",
      "opaque",
    ];
    for (const dialect of silent) {
      for (const form of ["comment", "delta"] satisfies HeartbeatForm[]) assert.equal(heartbeat(dialect, form), null);
    }
    assert.equal(heartbeat("openai-chat", "none"), null);
  });
});
