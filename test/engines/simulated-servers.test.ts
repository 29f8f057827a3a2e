import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identifyServer } from "../../src/engines/detect.ts";
import type { Engine } from "../../src/engines/engine.ts";
import type { EngineName } from "../../src/engines/engine-words.ts";
import { HttpProbe } from "../../src/engines/http-probe.ts";
import { aggregator } from "../../src/protocol/aggregate.ts";
import { hider } from "../../src/protocol/hide.ts";
import { WholeForm } from "../../src/protocol/whole-form.ts";
import { recognise } from "../../src/protocol/route.ts";
import {
  startModelServer,
  type ModelServer,
  type ModelServerOptions,
  type SimulatedEngine,
} from "../../src/testing/index.ts";
import { onItsWay } from "./on-its-way.ts";

const KINDS: Readonly<Record<SimulatedEngine, EngineName>> = {
  "llama-server": "llama-server",
  ollama: "ollama",
  "lm-studio": "lm-studio",
  "mlx-lm": "mlx-lm",
  "mlx-vlm": "mlx-vlm",
  "vllm-mlx": "vllm-mlx",
  omlx: "omlx",
  vllm: "vllm",
  sglang: "sglang",
  simulated: "simulated",
  plain: "unknown",
};

const TELLS_SLOTS = new Set<SimulatedEngine>(["llama-server", "lm-studio", "sglang"]);

function probing(server: ModelServer, key?: string): HttpProbe {
  return new HttpProbe(new URL(server.url), key);
}

describe("every simulated server", () => {
  for (const [engine, name] of Object.entries(KINDS) as [SimulatedEngine, EngineName][]) {
    it(`is known, asked and missed: ${engine}`, async () => {
      await using server = await startModelServer({ engine, slots: 3 });
      const probe = probing(server);
      const known = await identifyServer(probe);
      assert.equal(known?.name, name);
      assert.equal((await known.capacity(probe))?.slots, TELLS_SLOTS.has(engine) ? 3 : undefined);
      assert.deepEqual(await known.models(probe), [server.model]);
      assert.equal(await known.health(probe), "ready");
      await server.goDown();
      assert.equal(await known.health(probe), "down");
      assert.equal(await identifyServer(probe), undefined);
      await server.comeBack();
      assert.equal((await identifyServer(probe))?.name, name);
      // None of it occupied the model.
      assert.equal(server.maxLive, 0);
    });
  }
});

describe("llama-server", () => {
  it("is loading until it is ready, and known all the while", async () => {
    await using server = await startModelServer({ engine: "llama-server", loading: true, slots: 2 });
    const probe = probing(server);
    const engine = (await identifyServer(probe))!;
    assert.deepEqual([engine.name, await engine.health(probe)], ["llama-server", "loading"]);
    assert.equal(await engine.capacity(probe), undefined);
    server.loading = false;
    assert.equal(await engine.health(probe), "ready");
    assert.deepEqual(await engine.capacity(probe), { slots: 2, source: "/props total_slots" });
  });

  it("tells a router from a server with slots", async () => {
    await using server = await startModelServer({ engine: "llama-server", slots: 2, quirks: { router: true } });
    const engine = await identifyServer(probing(server));
    assert.equal(engine?.name, "llama-server");
    assert.equal(await engine.capacity(probing(server)), undefined);
  });

  it("tells its slots to who has the key, and its name to everybody", async () => {
    await using server = await startModelServer({ engine: "llama-server", slots: 2, apiKey: "secret" });
    const engine = (await identifyServer(probing(server)))!;
    assert.equal(engine.name, "llama-server");
    assert.equal(await engine.capacity(probing(server)), undefined);
    assert.equal((await engine.capacity(probing(server, "secret")))?.slots, 2);
  });
});

/** What the server answers to that body. */
async function answerTo(
  server: ModelServer,
  path: string,
  body: string,
): Promise<{ status: number; bytes: Uint8Array }> {
  const response = await fetch(server.url + path, { method: "POST", body });
  return { status: response.status, bytes: await response.bytes() };
}

async function identified(options: ModelServerOptions): Promise<{ server: ModelServer; engine: Engine }> {
  const server = await startModelServer(options);
  return { server, engine: (await identifyServer(probing(server)))! };
}

/** Without what differs from run to run. */
function lasting(bytes: Uint8Array): unknown {
  const passing = new Set(["id", "created", "created_at", "completed_at", "timings", "item_id"]);
  return JSON.parse(Buffer.from(bytes).toString(), (name, value: unknown) => (passing.has(name) ? undefined : value));
}

const ASKED: Readonly<Record<string, object>> = {
  "/v1/chat/completions": { messages: [{ role: "user", content: "Which way?" }] },
  "/v1/completions": { prompt: "Once" },
  "/completion": { prompt: "Once" },
  "/v1/messages": { max_tokens: 50, messages: [{ role: "user", content: "Which way?" }] },
  "/v1/responses": { input: "Which way?" },
};

function dialectOf(path: string): Parameters<typeof hider>[0] {
  const recognised = recognise("POST", path);
  assert.ok(recognised.kind === "work");
  return recognised.route.dialect;
}

/** Which whole answers an engine is asked for as streams. */
const STREAMED: readonly (readonly [ModelServerOptions["engine"] & string, readonly string[]])[] = [
  ["llama-server", Object.keys(ASKED)],
  ["mlx-lm", ["/v1/chat/completions", "/v1/completions"]],
];

describe("a whole answer that is asked for as a stream", () => {
  for (const [name, paths] of STREAMED) {
    for (const path of paths) {
      it(`is put together to the answer that the engine would have given itself: ${name} ${path}`, async () => {
        const { server, engine } = await identified({
          engine: name,
          promptCache: "none",
          answer: { reasoningTokens: 7 },
        });
        await using _ = server;
        const body = JSON.stringify(ASKED[path]);
        const outgoing = onItsWay(engine, path, body);
        assert.ok(outgoing.forceStream);
        const own = await answerTo(server, path, body);
        const streamed = await answerTo(server, path, outgoing.sent);
        assert.deepEqual([own.status, streamed.status], [200, 200]);
        const whole = aggregator(dialectOf(path), outgoing.hide)!;
        whole.push(streamed.bytes);
        assert.deepEqual(lasting(whole.result()!), lasting(own.bytes));
      });
    }
  }
});

describe("a whole answer of vLLM's that may have to step aside, once the form of one is known", () => {
  const members = { messages: [{ role: "user", content: "Which way?" }], prompt: "Once" };
  for (const path of ["/v1/chat/completions", "/v1/completions"]) {
    for (const reasoningTokens of [0, 7]) {
      it(`is put together to the answer that vLLM would have given itself: ${path}, ${reasoningTokens} tokens of a thought`, async () => {
        const { server, engine } = await identified({ engine: "vllm", answer: { reasoningTokens } });
        await using _ = server;
        const { form } = await learnt(server, path);
        const body = JSON.stringify({ model: server.model, ...members });
        const outgoing = onItsWay(engine, path, body, { form });
        assert.ok(outgoing.forceStream);
        const whole = aggregator(dialectOf(path), outgoing.hide, outgoing.form)!;
        whole.push((await answerTo(server, path, outgoing.sent)).bytes);
        assert.deepEqual(lasting(whole.result()!), lasting((await answerTo(server, path, body)).bytes));
      });
    }
  }

  it("is not asked for so where it has a member that no stream tells", () => {
    const answer = { choices: [{ index: 0, message: { role: "assistant", content: "x" } }], usage: {} };
    const told = (more: object): boolean => new WholeForm({ ...answer, ...more }).toldByStreams;
    assert.ok(told({ service_tier: null, kv_transfer_params: null }));
    assert.ok(!told({ metadata: { weight_version: "default" } }));
  });

  it("keeps nothing of the answer that it was learnt from", async () => {
    const { server } = await identified({ engine: "vllm" });
    await using _ = server;
    const { form, text } = await learnt(server, "/v1/chat/completions");
    assert.ok(text.length > 0);
    assert.ok(!JSON.stringify(form.complete({ choices: [{ message: {} }] })).includes(text));
  });
});

/** The form of the server's answers to another question. */
async function learnt(server: ModelServer, path: string): Promise<{ form: WholeForm; text: string }> {
  const asked = { model: server.model, messages: [{ role: "user", content: "Who?" }], prompt: "Twice", max_tokens: 9 };
  const { bytes } = await answerTo(server, path, JSON.stringify(asked));
  const answer = JSON.parse(Buffer.from(bytes).toString()) as { choices: [{ message?: { content: string | null } }] };
  return { form: new WholeForm(answer), text: answer.choices[0].message?.content ?? "" };
}

describe("what llama-server is asked for besides", () => {
  for (const [path, request] of Object.entries(ASKED)) {
    it(`is the stream that the client asked for, once what is hidden is gone: ${path}`, async () => {
      const { server, engine } = await identified({ engine: "llama-server", batchTokens: 2, promptCache: "none" });
      await using _ = server;
      const body = JSON.stringify({ ...request, stream: true });
      const outgoing = onItsWay(engine, path, body);
      const own = await answerTo(server, path, body);
      const { bytes } = await answerTo(server, path, outgoing.sent);
      assert.equal(Buffer.from(bytes).includes("prompt_progress"), outgoing.hide.includes("progress"));
      const hiding = hider(dialectOf(path), outgoing.hide);
      const seen = hiding === undefined ? [bytes] : [...hiding.push(bytes), ...hiding.end()];
      assert.deepEqual(framesOf(Buffer.concat(seen)), framesOf(own.bytes));
    });
  }
});

/** The frames of a stream without what differs from run to run. */
function framesOf(bytes: Uint8Array): unknown[] {
  const frames = Buffer.from(bytes).toString().split("\n");
  return frames.map((line) => (line.startsWith("data: {") ? lasting(Buffer.from(line.slice("data: ".length))) : line));
}

describe("a request that an engine would fail on", () => {
  it("passes vLLM without its priority", async () => {
    const { server, engine } = await identified({ engine: "vllm" });
    await using _ = server;
    const path = "/v1/chat/completions";
    const body = JSON.stringify({ ...ASKED[path], priority: 100 });
    assert.equal((await answerTo(server, path, body)).status, 400);
    assert.equal((await answerTo(server, path, onItsWay(engine, path, body).sent)).status, 200);
  });

  it("comes to its end on mlx_lm, although it says nothing of usage", async () => {
    const { server, engine } = await identified({ engine: "mlx-lm" });
    await using _ = server;
    const path = "/v1/chat/completions";
    const body = JSON.stringify({ ...ASKED[path], stream: true, stream_options: {} });
    const [cut, whole] = [
      await answerTo(server, path, body),
      await answerTo(server, path, onItsWay(engine, path, body).sent),
    ].map(({ bytes }) => Buffer.from(bytes).toString());
    assert.ok(!cut!.includes("[DONE]"));
    assert.ok(whole!.endsWith("data: [DONE]\n\n"));
  });
});
