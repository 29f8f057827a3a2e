import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { startModelServer, type ModelServer, type Quirks, type SimulatedEngine } from "../../src/testing/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { call, get, post, USER } from "./talk.ts";

const TOKEN_MS = 10;
const BATCH_MS = 100;

/** How long a slot stays taken after a hang-up, in each phase; Infinity for to the end of the answer. */
interface Habit {
  readonly engine: SimulatedEngine;
  readonly decode: readonly [stream: number, whole: number];
  readonly prefill: readonly [stream: number, whole: number];
}

// With tokens of 10 ms and batches of 100 ms; a hang-up comes right behind a boundary.
const HABITS: readonly Habit[] = [
  { engine: "llama-server", decode: [10, 1000], prefill: [1000, 1000] },
  { engine: "ollama", decode: [10, 10], prefill: [1000, 1000] },
  { engine: "lm-studio", decode: [10, 10], prefill: [100, 100] },
  { engine: "mlx-lm", decode: [20, Infinity], prefill: [200, Infinity] },
  { engine: "mlx-vlm", decode: [10, Infinity], prefill: [100, Infinity] },
  { engine: "vllm-mlx", decode: [1000, 500], prefill: [500, 500] },
  { engine: "omlx", decode: [2000, 2000], prefill: [2000, 2000] },
  { engine: "vllm", decode: [10, 10], prefill: [100, 100] },
  { engine: "sglang", decode: [2000, 4000], prefill: [2000, 4000] },
  { engine: "plain", decode: [10, 10], prefill: [100, 100] },
  { engine: "simulated", decode: [10, 10], prefill: [100, 100] },
];

/** Every token of the prompt is a batch of its own, so that a prompt has many. */
function start(engine: SimulatedEngine, clock: ManualClock, quirks: Quirks = {}): Promise<ModelServer> {
  return startModelServer({
    engine,
    clock,
    quirks,
    batchTokens: 1,
    promptCache: "none",
    answer: { tokens: 1000 },
    timing: { prefillMsPerToken: BATCH_MS, decodeMsPerToken: TOKEN_MS },
    strict: true,
  });
}

const chat = (stream: boolean, words = 1): object => ({
  stream,
  messages: [{ role: "user", content: "word ".repeat(words) }],
});

/** Milliseconds until the slot of request 1 is free. */
function untilFreed(server: ModelServer, clock: ManualClock): number {
  const record = server.served[0]!;
  for (let ms = 0; ms <= 30_000; ms += TOKEN_MS) {
    if (record.at.freed !== undefined) return record.outcome === "aborted" ? ms : Infinity;
    clock.advance(TOKEN_MS);
  }
  return Infinity;
}

describe("a hang-up", () => {
  for (const { engine, decode, prefill } of HABITS) {
    for (const [index, stream] of [true, false].entries()) {
      const kind = stream ? "a stream" : "a whole answer";

      it(`is noticed by ${engine} in the decoding of ${kind}, no sooner and no later`, async () => {
        const clock = new ManualClock();
        await using server = await start(engine, clock);
        const victim = call(server, "/v1/chat/completions", chat(stream));
        const { promptTokens } = await server.when("started");
        clock.advance(promptTokens * BATCH_MS + 5 * TOKEN_MS);
        await server.when("first-token");
        victim.hangUp();
        await server.when("hung-up");
        assert.equal(server.live, 0);
        assert.equal(server.slots.busy, 1);
        assert.equal(untilFreed(server, clock), decode[index]);
        assert.equal(server.slots.busy, 0);
      });

      it(`is noticed by ${engine} in the prefill of ${kind}, no sooner and no later`, async () => {
        const clock = new ManualClock();
        await using server = await start(engine, clock);
        const victim = call(server, "/v1/chat/completions", chat(stream, 100));
        await server.when("started");
        clock.advance(2 * BATCH_MS);
        victim.hangUp();
        await server.when("hung-up");
        assert.equal(untilFreed(server, clock), prefill[index]);
        assert.equal(server.served[0]!.tokens > 0, prefill[index] === Infinity);
      });
    }
  }
});

test("llama-server puts off its look at whole answers with every result for anybody", async () => {
  const clock = new ManualClock();
  await using server = await startModelServer({
    engine: "llama-server",
    slots: 2,
    clock,
    answer: { tokens: 3000 },
    timing: { decodeMsPerToken: TOKEN_MS },
  });
  const whole = call(server, "/v1/chat/completions", { messages: [USER] });
  await server.when("started", 1);
  call(server, "/v1/chat/completions", { messages: [USER], stream: true, max_tokens: 500 });
  await server.when("started", 2);
  whole.hangUp();
  await server.when("hung-up", 1);
  while (server.served[1]!.at.ended === undefined) {
    clock.advance(100);
    await nextTurn();
  }
  assert.equal(server.served[0]!.at.freed, undefined);
  clock.advance(800);
  await get(server, "/slots");
  clock.advance(900);
  assert.equal(server.served[0]!.at.freed, undefined);
  clock.advance(100);
  assert.equal(server.served[0]!.outcome, "aborted");
});

test("llama-server notices between batches when it reports progress, and never with a conversation id", async () => {
  const clock = new ManualClock();
  await using server = await start("llama-server", clock);
  const watched = call(server, "/v1/chat/completions", { ...chat(true, 100), return_progress: true });
  await server.when("started", 1);
  clock.advance(BATCH_MS);
  watched.hangUp();
  await server.when("hung-up", 1);
  assert.equal(untilFreed(server, clock), BATCH_MS);

  const orphan = call(server, "/v1/chat/completions", chat(true), { "X-Conversation-Id": "c1" });
  await server.when("started", 2);
  orphan.hangUp();
  await server.when("hung-up", 2);
  clock.advance(5000);
  assert.equal(server.slots.busy, 1);
  await fetch(`${server.url}/v1/stream?conv_id=c1`, { method: "DELETE" });
  clock.advance(TOKEN_MS);
  assert.equal(server.slots.busy, 0);
});

test("who hangs up in the line never runs, except at engines that do not look", async () => {
  for (const [engine, runs] of [
    ["llama-server", false],
    ["vllm", false],
    ["ollama", false],
    ["mlx-lm", true],
  ] as const) {
    const clock = new ManualClock();
    await using server = await startModelServer({ engine, clock, timing: { decodeMsPerToken: TOKEN_MS } });
    call(server, "/v1/chat/completions", chat(true));
    await server.when("started", 1);
    const waiting = call(server, "/v1/chat/completions", chat(true));
    await server.when("queued", 2);
    waiting.hangUp();
    await server.when("hung-up", 2);
    clock.advance(10_000);
    assert.equal(server.served[1]!.at.started !== undefined, runs, engine);
    assert.equal(server.slots.busy, 0);
  }
});

test("Ollama with the leak never frees the slot of an aborted stream; a whole answer's it does", async () => {
  const clock = new ManualClock();
  await using server = await start("ollama", clock, { leaksSlots: true });
  const whole = call(server, "/api/chat", { ...chat(false), model: "m" });
  const { promptTokens } = await server.when("started", 1);
  clock.advance(promptTokens * BATCH_MS + TOKEN_MS);
  whole.hangUp();
  await server.when("hung-up", 1);
  clock.advance(TOKEN_MS);
  assert.deepEqual(server.slots, { busy: 0, leaked: 0, waiting: 0 });

  const stream = call(server, "/api/chat", { ...chat(true), model: "m" });
  await server.when("started", 2);
  clock.advance(promptTokens * BATCH_MS + TOKEN_MS);
  stream.hangUp();
  await server.when("hung-up", 2);
  clock.advance(TOKEN_MS);
  assert.deepEqual(server.slots, { busy: 1, leaked: 1, waiting: 0 });
  call(server, "/api/chat", { ...chat(true), model: "m" });
  await server.when("queued", 3);
  clock.advance(60_000);
  assert.equal(server.slots.waiting, 1);
  server.repairSlots();
  await server.when("started", 3);
});

test("the engines' own routes cancel a request by its name", async () => {
  await using sglang = await startModelServer({ engine: "sglang" });
  sglang.pauseTokens();
  call(sglang, "/v1/chat/completions", { ...chat(true), rid: "mine" });
  await sglang.when("started");
  await post(sglang, "/abort_request", { rid: "mine" });
  await sglang.when("freed", 1);

  await using vllmMlx = await startModelServer({ engine: "vllm-mlx" });
  vllmMlx.pauseTokens();
  const { answer } = call(vllmMlx, "/v1/chat/completions", chat(true));
  await vllmMlx.when("started");
  await vllmMlx.step();
  const status = (await (await fetch(`${vllmMlx.url}/v1/status`)).json()) as { requests: { request_id: string }[] };
  assert.equal((await answer).status, 200);
  const name = status.requests[0]!.request_id;
  assert.equal((await post(vllmMlx, `/v1/requests/${name}/cancel`, {})).status, 200);
  await vllmMlx.when("freed", 1);
  assert.equal((await post(vllmMlx, "/v1/requests/nobody/cancel", {})).status, 404);
});
