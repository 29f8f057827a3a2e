import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import type { SimulatedEngine } from "../../src/testing/index.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { CHAT, chat, stream, timeless, USER } from "./talk.ts";

const MESSAGES = [{ role: "user" as const, content: USER.content }];

/** What a client makes of the answers of the server at `url`. */
type Talk = (url: string, it: GatewayUnderTest) => Promise<unknown>;

/** The same through the gateway and to the server itself, field by field but for ids and times. */
async function sameAsDirect(engine: SimulatedEngine, talk: Talk, reasoningTokens = 6): Promise<void> {
  await using it = await startGateway({ server: { engine, answer: { reasoningTokens } } });
  // Once for the server's prompt cache, which shows in its counts.
  await talk(it.server.url, it);
  const direct = timeless(await talk(it.server.url, it));
  const gated = timeless(await talk(it.url, it));
  assert.deepEqual(gated, direct);
}

const OPENAI_ENGINES = [
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
] as const;

function openai(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

describe("the openai client gets from each engine what it gets directly", () => {
  for (const engine of OPENAI_ENGINES) {
    test(`${engine}: chat, streaming and not, with and without usage`, async () => {
      await sameAsDirect(engine, async (url, it) => {
        const { chat: chats } = openai(url);
        const ask = { model: it.server.model, messages: MESSAGES };
        return [
          await chats.completions.create(ask),
          await chats.completions.create({ ...ask, max_tokens: 5 } as typeof ask),
          await Array.fromAsync(await chats.completions.create({ ...ask, stream: true })),
          await Array.fromAsync(
            await chats.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } }),
          ),
        ];
      });
    });
  }

  for (const engine of OPENAI_ENGINES.filter((name) => name !== "mlx-vlm")) {
    test(`${engine}: completions, streaming and not`, async () => {
      await sameAsDirect(engine, async (url, it) => {
        const { completions } = openai(url);
        const ask = { model: it.server.model, prompt: "Once upon a time", max_tokens: 9 };
        return [
          await completions.create(ask),
          await Array.fromAsync(await completions.create({ ...ask, stream: true })),
        ];
      });
    });
  }

  for (const engine of OPENAI_ENGINES.filter((name) => name !== "mlx-lm")) {
    test(`${engine}: embeddings, and responses streaming and not`, async () => {
      await sameAsDirect(engine, async (url, it) => {
        const { embeddings, responses } = openai(url);
        const ask = { model: it.server.model, input: USER.content };
        return [
          await embeddings.create(ask),
          await embeddings.create({ ...ask, input: ["a", "b"], encoding_format: "float" }),
          await responses.create(ask),
          await Array.fromAsync(await responses.create({ ...ask, stream: true })),
        ];
      });
    });
  }

  test("tools and several choices, streaming and not", async () => {
    const tools = [{ type: "function" as const, function: { name: "weather", parameters: { type: "object" } } }];
    await sameAsDirect("llama-server", async (url, it) => {
      const { chat: chats } = openai(url);
      const ask = { model: it.server.model, messages: MESSAGES, tools, tool_choice: "required" as const };
      return [
        await chats.completions.create(ask),
        await Array.fromAsync(await chats.completions.create({ ...ask, stream: true })),
        await chats.completions.create({ model: it.server.model, messages: MESSAGES, logprobs: true }),
      ];
    });
  });

  test("models: every name of the server's, and each with a priority", async () => {
    await using it = await startGateway({ server: { models: ["one", "two"] } });
    const models = await Array.fromAsync(openai(it.url).models.list());
    const direct = await Array.fromAsync(openai(it.server.url).models.list());
    for (const model of direct) assert.deepEqual(timeless(models.find(({ id }) => id === model.id)), timeless(model));
    for (const name of ["one", "two"]) {
      for (const priority of ["background", "foreground"]) {
        assert.ok(models.some(({ id }) => id === `${name}@${priority}`));
      }
    }
    assert.equal((await openai(it.url).models.retrieve("one")).id, "one");
  });

  test("a list of models outlives its server", async () => {
    await using it = await startGateway();
    const before = await Array.fromAsync(openai(it.url).models.list());
    await it.server.goDown();
    it.gateway.upstreams.all[0]!.unreachable();
    assert.deepEqual(await Array.fromAsync(openai(it.url).models.list()), before);
  });
});

describe("the Anthropic client gets from each engine what it gets directly", () => {
  for (const engine of OPENAI_ENGINES.filter((name) => name !== "mlx-lm")) {
    test(`${engine}: messages, streaming and not`, async () => {
      await sameAsDirect(engine, async (url, it) => {
        const { messages } = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
        const ask = { model: it.server.model, messages: MESSAGES, max_tokens: 40 };
        return [
          await messages.create(ask),
          await Array.fromAsync(await messages.create({ ...ask, stream: true })),
          await messages.stream(ask).finalMessage(),
        ];
      });
    });
  }

  test("counting tokens needs no permit", async () => {
    await using it = await startGateway({ server: { engine: "llama-server" } });
    it.server.pauseTokens();
    const running = it.post(CHAT, chat());
    await it.server.when("started");
    const { messages } = new Anthropic({ baseURL: it.url, apiKey: "none", maxRetries: 0 });
    const counted = await messages.countTokens({ model: it.server.model, messages: MESSAGES });
    assert.ok(counted.input_tokens > 0);
    it.server.resumeTokens();
    await (await running).text();
  });
});

describe("the Ollama client gets what it gets directly", () => {
  test("chat, generate, embed and embeddings, streaming and not", async () => {
    await sameAsDirect("ollama", async (host, it) => {
      const ollama = new Ollama({ host });
      const { model } = it.server;
      return [
        await ollama.chat({ model, messages: MESSAGES }),
        await Array.fromAsync(await ollama.chat({ model, messages: MESSAGES, stream: true })),
        await ollama.generate({ model, prompt: "Once" }),
        await Array.fromAsync(await ollama.generate({ model, prompt: "Once", stream: true })),
        await ollama.embed({ model, input: ["a", "b"] }),
        await ollama.embeddings({ model, prompt: "a" }),
      ];
    });
  });

  test("show, ps and version pass; the list has every model, in its own form", async () => {
    await using it = await startGateway({ server: { engine: "ollama" } });
    const [direct, gated] = [new Ollama({ host: it.server.url }), new Ollama({ host: it.url })];
    const { model } = it.server;
    await gated.chat({ model, messages: MESSAGES });
    const strip = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (name, member: unknown) => (name.endsWith("_at") ? 0 : member)));
    assert.deepEqual(strip(await gated.show({ model })), strip(await direct.show({ model })));
    assert.deepEqual(strip(await gated.ps()), strip(await direct.ps()));
    assert.deepEqual(await gated.version(), await direct.version());
    const [listed, own] = [await gated.list(), await direct.list()];
    assert.deepEqual(Object.keys(listed), Object.keys(own));
    assert.deepEqual(strip(listed.models[0]), strip(own.models[0]));
    assert.ok(listed.models.some(({ name }) => name === `${model}@background`));
  });

  test("loading and unloading a model are no work", async () => {
    await using it = await startGateway({ server: { engine: "ollama" } });
    const { model } = it.server;
    for (const keepAlive of ["5m", 0]) {
      const answer = await it.post("/api/generate", { model, keep_alive: keepAlive });
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), keepAlive === 0 ? /"unload"/ : /"load"/);
    }
    assert.deepEqual(it.outcomes, ["finished", "finished"]);
  });
});

describe("an AI SDK provider gets what it gets directly", () => {
  for (const engine of ["llama-server", "ollama", "vllm"] as const) {
    test(engine, async () => {
      await sameAsDirect(engine, async (url, it) => {
        const model = createOpenAICompatible({ name: "local", baseURL: `${url}/v1` }).chatModel(it.server.model);
        const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: USER.content }] }];
        const whole = await model.doGenerate({ prompt });
        const { stream: parts } = await model.doStream({ prompt });
        const streamed = await Array.fromAsync(parts as unknown as AsyncIterable<Record<string, unknown>>);
        return [
          whole.content,
          whole.finishReason,
          whole.usage,
          streamed.filter(({ type }) => type !== "response-metadata"),
        ];
      });
    });
  }
});

const curl = spawnSync("curl", ["--version"]).status === 0;
if (!curl) process.emitWarning("curl is not installed: the tests with curl are skipped");

describe("curl gets every byte that it gets directly", { skip: !curl && "curl is not installed" }, () => {
  const run = promisify(execFile);
  const fetched = async (url: string, body: object): Promise<string> => {
    const { stdout } = await run("curl", [
      "-sSN",
      "--max-time",
      "20",
      "-H",
      "Content-Type: application/json",
      "-d",
      JSON.stringify(body),
      url,
    ]);
    return stdout;
  };
  /** What differs between two answers to the same request. */
  const plain = (text: string): string =>
    text
      .replaceAll(/"(?:id|item_id|created|created_at|completed_at)":\s*(?:"[^"]*"|\d+)/g, '"…"')
      .replaceAll(/"(?:\w+_ms|\w+_per_\w+|\w+_duration)":[\d.]+/g, '"…"');

  for (const [engine, path, body] of [
    ["plain", CHAT, stream()],
    ["plain", CHAT, chat()],
    ["llama-server", CHAT, stream()],
    ["llama-server", "/completion", { prompt: "Once", n_predict: 5, stream: true }],
    ["ollama", "/api/chat", { model: "m", messages: MESSAGES }],
    ["vllm", CHAT, stream(USER.content, { stream_options: { include_usage: true } })],
    ["llama-server", "/v1/messages", stream()],
  ] as const) {
    test(`${engine} ${path}${"stream" in body ? ", streaming" : ""}`, async () => {
      await using it = await startGateway({ server: { engine } });
      const sent = "model" in body ? { ...body, model: it.server.model } : body;
      // Once for the server's prompt cache, which shows in its counts.
      await fetched(it.server.url + path, sent);
      const direct = await fetched(it.server.url + path, sent);
      const gated = await fetched(it.url + path, sent);
      assert.equal(plain(gated), plain(direct));
    });
  }

  test("an upload with Expect: 100-continue is asked for and passes", async () => {
    await using it = await startGateway({ server: { engine: "ollama" } });
    const { stdout } = await run("curl", [
      "-sS",
      "--max-time",
      "20",
      "-H",
      "Expect: 100-continue",
      "--data-binary",
      "x".repeat(100_000),
      "-w",
      "%{http_code}",
      "-o",
      "/dev/null",
      `${it.url}/api/blobs/sha256:0`,
    ]);
    assert.equal(stdout, "201");
    assert.equal(it.server.served.at(-1)!.bodyBytes, 100_000);
  });
});

test("a body reaches the server byte for byte, whatever is in it", async () => {
  const body =
    '{ "model":"m","messages":[{"role":"user","content":"\\u00e9 \\ud83d\\ude00 é"}],"n":1,"unknown":[1e400,12345678901234567890,{"a":"b"}],\n\t"temperature":0.10,"max_tokens":3}';
  await using it = await startGateway();
  const answer = await it.post(CHAT, body);
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(it.server.served.at(-1)!.body.toString(), body);
});

test("frames leave as they come: a client has each token before the next one is made", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  it.server.pauseTokens();
  const answer = it.post(CHAT, stream(USER.content, { max_tokens: 5 }));
  await it.server.when("started");
  const reader = (await answer).body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let n = 1; n <= 4; n++) {
    await it.server.step();
    while ((text.match(/"content":"[^"]/g) ?? []).length < n) {
      const read = (await reader.read()) as { value?: Uint8Array; done: boolean };
      assert.ok(!read.done);
      text += decoder.decode(read.value, { stream: true });
    }
    assert.equal(it.server.served.find(({ isWork }) => isWork)!.tokens, n);
  }
  it.server.resumeTokens();
  while (!(await reader.read()).done);
});
