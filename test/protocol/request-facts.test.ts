import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { topLevelFields } from "../../src/protocol/json-fields.ts";
import { readFacts, type RequestFacts } from "../../src/protocol/request-facts.ts";
import { recognise, type Route } from "../../src/protocol/route.ts";
import { bytesOf, objectBodies } from "./json-texts.ts";

function route(path: string): Route {
  const recognised = recognise("POST", path);
  assert.equal(recognised.kind, "work");
  return recognised.route;
}

const CHAT = "/v1/chat/completions";
const COMPLETIONS = "/v1/completions";
const RESPONSES = "/v1/responses";
const MESSAGES = "/v1/messages";
const NATIVE = "/completion";
const OLLAMA_CHAT = "/api/chat";
const OLLAMA_GENERATE = "/api/generate";

function facts(path: string, body: unknown): RequestFacts {
  return readFacts(route(path), bytesOf(typeof body === "string" ? body : JSON.stringify(body)));
}

const PLAIN: RequestFacts = {
  model: undefined,
  stream: false,
  n: 1,
  logprobs: false,
  tools: false,
  grammar: false,
  maxTokens: undefined,
  priority: undefined,
  serviceTier: undefined,
  user: undefined,
  includeUsage: false,
  isLoad: false,
};

describe("readFacts", () => {
  it("reads an ordinary request of each dialect", () => {
    const chat = {
      model: "llama3",
      messages: [{ role: "user", content: "hi" }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 5,
      max_completion_tokens: 7,
      priority: "high",
      service_tier: "flex",
      user: "ann",
    };
    assert.deepEqual(facts(CHAT, chat), {
      ...PLAIN,
      model: "llama3",
      stream: true,
      includeUsage: true,
      maxTokens: 7,
      priority: "high",
      serviceTier: "flex",
      user: "ann",
    });
    const message = { model: "m", max_tokens: 9, messages: [], metadata: { user_id: "bob" }, service_tier: "auto" };
    assert.deepEqual(facts(MESSAGES, message), {
      ...PLAIN,
      model: "m",
      maxTokens: 9,
      user: "bob",
      serviceTier: "auto",
    });
    const ollama = { model: "m", prompt: "hi", stream: false, options: { num_predict: 4 } };
    assert.deepEqual(facts(OLLAMA_GENERATE, ollama), { ...PLAIN, model: "m", maxTokens: 4 });
    assert.deepEqual(facts(RESPONSES, { model: "m", max_output_tokens: 3 }), { ...PLAIN, model: "m", maxTokens: 3 });
    assert.deepEqual(facts(NATIVE, { prompt: "hi", n_predict: 2 }), { ...PLAIN, maxTokens: 2 });
  });

  it("streams by the dialect's habit where the request does not say", () => {
    assert.equal(facts(CHAT, {}).stream, false);
    assert.equal(facts(OLLAMA_CHAT, { messages: [1] }).stream, true);
    assert.equal(facts(OLLAMA_CHAT, { stream: null }).stream, true);
    assert.equal(facts(OLLAMA_CHAT, { stream: false }).stream, false);
  });

  it("takes a field of a wrong type for absent", () => {
    const wrong = {
      model: 5,
      stream: "yes",
      n: "3",
      max_tokens: "9",
      tools: {},
      user: [],
      service_tier: 1,
      stream_options: [],
      priority: {},
    };
    assert.deepEqual(facts(CHAT, wrong), PLAIN);
  });

  it("keeps the body's priority as it was written", () => {
    for (const priority of ["background", 0, -3.5, true]) assert.equal(facts(CHAT, { priority }).priority, priority);
    assert.equal(facts(CHAT, '{"priority": 1e400}').priority, Infinity);
    assert.equal(facts(CHAT, { priority: null }).priority, undefined);
  });

  it("counts the answers that are asked for, over all prompts", () => {
    assert.equal(facts(CHAT, { n: 3 }).n, 3);
    for (const n of [0, -1, 1.5, null]) assert.equal(facts(CHAT, { n }).n, 1);
    assert.equal(facts(COMPLETIONS, { prompt: ["a", "b"], n: 2 }).n, 4);
    assert.equal(facts(COMPLETIONS, { prompt: [[1, 2], [3]] }).n, 2);
    for (const prompt of ["a", ["a"], [1, 2, 3], [1, "a"], []]) assert.equal(facts(COMPLETIONS, { prompt }).n, 1);
    assert.equal(facts(NATIVE, { n_cmpl: 2 }).n, 2);
  });

  it("notices every way to ask for logprobs", () => {
    const asking: [string, object][] = [
      [CHAT, { logprobs: true }],
      [COMPLETIONS, { logprobs: 0 }],
      [CHAT, { top_logprobs: 2 }],
      [NATIVE, { n_probs: 1 }],
      [RESPONSES, { include: ["x", "message.output_text.logprobs"] }],
    ];
    for (const [path, body] of asking) assert.equal(facts(path, body).logprobs, true, JSON.stringify(body));
    const silent = { logprobs: false, top_logprobs: 0, n_probs: 0, include: ["reasoning.encrypted_content"] };
    assert.equal(facts(CHAT, silent).logprobs, false);
    assert.equal(facts(COMPLETIONS, { logprobs: null }).logprobs, false);
    assert.equal(facts(CHAT, { logprobs: -1 }).logprobs, false);
  });

  it("notices tools, and that an empty list offers none", () => {
    assert.equal(facts(CHAT, { tools: [{ type: "function" }] }).tools, true);
    assert.equal(facts(CHAT, { functions: [{}] }).tools, true);
    assert.equal(facts(CHAT, '{"tools": [ ]}').tools, false);
  });

  it("notices every way to bind the text to a form", () => {
    const bound = [
      { response_format: { type: "json_schema", json_schema: {} } },
      { response_format: { type: "json_object" } },
      { text: { format: { type: "json_schema" } } },
      { output_config: { format: { type: "json_schema" } } },
      { output_format: { type: "json_schema" } },
      { format: "json" },
      { format: { type: "object" } },
      { grammar: "root ::= [0-9]" },
      { json_schema: {} },
      { structured_outputs: { regex: "a" } },
      { guided_choice: ["a", "b"] },
      { regex: "a+" },
    ];
    for (const body of bound) assert.equal(facts(CHAT, body).grammar, true, JSON.stringify(body));
    const free = [
      { response_format: { type: "text" } },
      { response_format: null },
      { text: { format: { type: "text" }, verbosity: "low" } },
      { format: "" },
      { grammar: "" },
      { guided_json: null },
    ];
    for (const body of free) assert.equal(facts(CHAT, body).grammar, false, JSON.stringify(body));
  });

  it("knows no limit where there is none", () => {
    assert.equal(facts(NATIVE, { n_predict: -1 }).maxTokens, undefined);
    assert.equal(facts(CHAT, '{"max_tokens": 1e400}').maxTokens, undefined);
    assert.equal(facts(CHAT, { max_tokens: 0 }).maxTokens, 0);
    assert.equal(facts(OLLAMA_CHAT, { num_predict: 3 }).maxTokens, undefined);
  });

  it("knows Ollama's calls that only load or unload a model", () => {
    for (const body of [{ model: "m" }, { messages: [] }, { messages: null, keep_alive: 0 }]) {
      assert.equal(facts(OLLAMA_CHAT, body).isLoad, true, JSON.stringify(body));
    }
    assert.equal(facts(OLLAMA_GENERATE, { prompt: "" }).isLoad, true);
    assert.equal(facts("/api/embed", { input: [] }).isLoad, true);
    assert.equal(facts(OLLAMA_CHAT, { messages: [{}] }).isLoad, false);
    assert.equal(facts(OLLAMA_GENERATE, { prompt: " " }).isLoad, false);
    assert.equal(facts("/api/embeddings", { prompt: "x" }).isLoad, false);
    assert.equal(facts(CHAT, { model: "m" }).isLoad, false);
  });

  it("does not look into an upload", () => {
    const { stream, model } = readFacts(route("/v1/audio/transcriptions"), bytesOf('--x\r\n{"stream": true'));
    assert.deepEqual({ stream, model }, { stream: false, model: undefined });
  });

  it("refuses what is no JSON object, and takes fields that were found before", () => {
    assert.throws(() => facts(CHAT, "[]"), { code: "invalid_json" });
    assert.throws(() => facts(CHAT, "{"), { code: "invalid_json" });
    const body = bytesOf('{"model":"m"}');
    assert.equal(readFacts(route(CHAT), body, topLevelFields(body)).model, "m");
  });

  it("reads any JSON object without throwing, and builds none of its lists and objects", (t) => {
    const parse = t.mock.method(JSON, "parse").mock;
    const paths = fc.constantFrom(CHAT, COMPLETIONS, RESPONSES, MESSAGES, NATIVE, OLLAMA_CHAT, OLLAMA_GENERATE);
    fc.assert(
      fc.property(paths, objectBodies, (path, body) => {
        parse.resetCalls();
        readFacts(route(path), body);
        for (const { result } of parse.calls) assert.notEqual(typeof result, "object");
      }),
      { numRuns: 500 },
    );
  });
});
