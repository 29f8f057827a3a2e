import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import OpenAI from "openai";
import type { ChatCompletionTool } from "openai/resources/chat/completions";
import { startModelServer, type ModelServer, type SimulatedEngine } from "../../src/testing/index.ts";

const ENGINES: readonly SimulatedEngine[] = [
  "llama-server",
  "ollama",
  "lm-studio",
  "mlx-lm",
  "mlx-vlm",
  "vllm-mlx",
  "omlx",
  "vllm",
  "sglang",
  "plain",
  "simulated",
];

const MESSAGES = [{ role: "user", content: "Which way does the queue go?" }] as const;
const PARAMETERS = { type: "object", properties: { city: { type: "string" } } };

const WEATHER: ChatCompletionTool & { type: "function" } = {
  type: "function",
  function: { name: "weather", parameters: PARAMETERS },
};

/** Everything at once, also where an engine would take its time by default. */
function start(engine: SimulatedEngine, answer = {}): Promise<ModelServer> {
  return startModelServer({ engine, answer, timing: { prefillMsPerToken: 0, decodeMsPerToken: 0 }, strict: true });
}

/** By the name that every server knows; the client calls it outdated. */
function limitOf(tokens: number): object {
  return { max_tokens: tokens };
}

function client(server: ModelServer): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
}

for (const engine of ENGINES) {
  describe(`the openai client and ${engine}`, () => {
    it("a stream says what the whole answer says, and counts the same", async () => {
      await using server = await start(engine);
      const { chat } = client(server);
      const whole = await chat.completions.create({ model: server.model, messages: [...MESSAGES] });
      const stream = chat.completions.stream({
        model: server.model,
        messages: [...MESSAGES],
        stream_options: { include_usage: true },
      });
      const chunks = await Array.fromAsync(stream);
      assert.ok(chunks.length > 10);
      const final = await stream.finalChatCompletion();
      assert.equal(final.choices[0]!.message.content, whole.choices[0]!.message.content);
      assert.equal(final.choices[0]!.finish_reason, "stop");
      assert.equal(whole.choices[0]!.finish_reason, "stop");
      assert.equal(final.usage?.completion_tokens, whole.usage?.completion_tokens);
      assert.equal(final.usage?.prompt_tokens, whole.usage?.prompt_tokens);
    });

    it("usage comes only when it was asked for, a limit is kept and a stop string obeyed", async () => {
      await using server = await start(engine);
      const { chat } = client(server);
      const stream = await chat.completions.create({ model: server.model, messages: [...MESSAGES], stream: true });
      for await (const chunk of stream) assert.equal(chunk.usage ?? undefined, undefined);
      const ask = { model: server.model, messages: [...MESSAGES] };
      const limited = await chat.completions.create({ ...ask, ...limitOf(7) });
      assert.equal(limited.choices[0]!.finish_reason, "length");
      assert.equal(limited.usage?.completion_tokens, 7);
      const whole = (await chat.completions.create(ask)).choices[0]!.message.content!;
      const stop = whole.slice(-12, -4);
      const stopped = await chat.completions.create({ ...ask, stop });
      assert.equal(stopped.choices[0]!.message.content, whole.slice(0, whole.indexOf(stop)));
      assert.equal(stopped.choices[0]!.finish_reason, "stop");
    });

    it("a required tool is called with arguments that are JSON, streaming and not", async () => {
      await using server = await start(engine);
      const { chat } = client(server);
      const ask = { model: server.model, messages: [...MESSAGES], tools: [WEATHER], tool_choice: "required" as const };
      const whole = (await chat.completions.create(ask)).choices[0]!;
      assert.equal(whole.finish_reason, "tool_calls");
      const streamed = (await chat.completions.stream(ask).finalChatCompletion()).choices[0]!;
      assert.equal(streamed.finish_reason, "tool_calls");
      const calls = [whole, streamed].map(
        ({ message }) => message.tool_calls?.[0] as { function: { name: string; arguments: string } },
      );
      assert.deepEqual(calls[0]!.function.name, "weather");
      assert.deepEqual(calls[1]!.function.arguments, calls[0]!.function.arguments);
      assert.deepEqual(Object.keys(JSON.parse(calls[0]!.function.arguments) as object), ["city"]);
    });

    it("lists its models", async () => {
      await using server = await start(engine);
      const models = await Array.fromAsync(client(server).models.list());
      assert.deepEqual(
        models.map(({ id }) => id),
        [server.model],
      );
    });
  });
}

test("completions: a stream says what the whole text says", async () => {
  for (const engine of ENGINES.filter((name) => name !== "mlx-vlm")) {
    await using server = await start(engine);
    const { completions } = client(server);
    const ask = { model: server.model, prompt: "Once upon a time", max_tokens: 30 };
    const whole = await completions.create(ask);
    let text = "";
    let finish: string | null = null;
    for await (const chunk of await completions.create({ ...ask, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    assert.equal(text, whole.choices[0]!.text, engine);
    assert.equal(finish, whole.choices[0]!.finish_reason, engine);
    assert.ok(whole.usage!.completion_tokens <= 30);
  }
});

test("embeddings: floats and base64 are the same vectors", async () => {
  for (const engine of ENGINES.filter((name) => name !== "mlx-lm")) {
    await using server = await start(engine);
    const { embeddings } = client(server);
    const ask = { model: server.model, input: ["one", "two"] };
    const floats = await embeddings.create({ ...ask, encoding_format: "float" });
    // The client asks for base64 by itself, and decodes it.
    const decoded = await embeddings.create(ask);
    assert.deepEqual([...decoded.data[1]!.embedding], floats.data[1]!.embedding, engine);
    assert.equal(floats.data[0]!.embedding.length, 8);
    assert.notDeepEqual(floats.data[0]!.embedding, floats.data[1]!.embedding);
  }
});

test("responses: a stream ends in the whole answer", async () => {
  for (const engine of ENGINES.filter((name) => name !== "mlx-lm")) {
    await using server = await start(engine, { reasoningTokens: 8 });
    const { responses } = client(server);
    const ask = { model: server.model, input: "Which way does the queue go?" };
    const whole = await responses.create(ask);
    let text = "";
    let completed: string | undefined;
    for await (const event of await responses.create({ ...ask, stream: true })) {
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") completed = event.response.status;
    }
    assert.equal(text, whole.output_text, engine);
    assert.equal(completed, "completed", engine);
    const types = whole.output.map(({ type }) => type);
    assert.deepEqual(types, ["reasoning", "message"], engine);
  }
});

test("responses: the client's own accumulator agrees, where events carry their places", async () => {
  await using server = await start("plain", { reasoningTokens: 8 });
  const { responses } = client(server);
  const tool = { type: "function" as const, name: "weather", parameters: PARAMETERS, strict: false };
  const ask = { model: server.model, input: "Which way?", tools: [tool] };
  const final = await responses.stream(ask).finalResponse();
  const whole = await responses.create(ask);
  const types = whole.output.map(({ type }) => type);
  assert.deepEqual(types, ["reasoning", "function_call"]);
  assert.deepEqual(
    final.output.map(({ type }) => type),
    types,
  );
});

test("several choices and probabilities come when they are asked for", async () => {
  await using server = await startModelServer({ engine: "llama-server", slots: 2 });
  const { chat } = client(server);
  const ask = { model: server.model, messages: [...MESSAGES], n: 2, logprobs: true };
  const whole = await chat.completions.create(ask);
  const texts = whole.choices.map(({ message }) => message.content);
  assert.equal(new Set(texts).size, 2);
  const streamed = await chat.completions.stream(ask).finalChatCompletion();
  assert.deepEqual(
    streamed.choices.map(({ message }) => message.content),
    texts,
  );
  assert.ok(streamed.choices[0]!.logprobs!.content!.length > 10);
  await assert.rejects(chat.completions.create({ ...ask, n: 3 }), { status: 400 });
});

test("structured output fits its schema", async () => {
  const schema = {
    type: "object",
    properties: { n: { type: "integer" }, tags: { type: "array", items: { type: "string" } } },
  };
  for (const engine of ["llama-server", "vllm-mlx", "vllm"] as const) {
    await using server = await start(engine);
    const stream = client(server).chat.completions.stream({
      model: server.model,
      messages: [...MESSAGES],
      response_format: { type: "json_schema", json_schema: { name: "s", schema } },
    });
    const content = (await stream.finalChatCompletion()).choices[0]!.message.content!;
    assert.deepEqual(Object.keys(JSON.parse(content) as object), ["n", "tags"]);
  }
});
