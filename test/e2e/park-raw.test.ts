import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServedRequest } from "../../src/testing/index.ts";
import { hear, interruptedAt, type Heard } from "../property/interrupted.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ModelFolder, SIMULATED_TEMPLATE } from "../support/model-folder.ts";
import { CHAT } from "./talk.ts";

const TEXT = Array.from({ length: 20 }, (_, n) => `word${n}`).join(" ");
const ASKED = { max_tokens: 200, messages: [{ role: "user", content: "Count." }] };

function startMlx(modelFolder: string | undefined): Promise<GatewayUnderTest> {
  return startGateway({
    server: { engine: "mlx-lm", answer: { text: TEXT } },
    upstream: modelFolder === undefined ? {} : { resume: { modelFolder, stopStreams: false } },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
}

/** What the client of an answer hears for which a person came after five tokens, and what became of it. */
async function interrupted(
  it: GatewayUnderTest,
  more: Json,
): Promise<{ heard: Heard; parks: number; restarts: number }> {
  const heard = await interruptedAt(it, { model: it.server.model, ...ASKED, ...more }, { cuts: [5] });
  const { parks, restarts } = it.ended.find(({ priority }) => priority === 100)!;
  return { heard, parks, restarts };
}

const isChat = ({ url, body }: ServedRequest): boolean => url === CHAT && body.includes("Count.");

test("mlx_lm: an answer that is not streamed stops, and starts over", async () => {
  await using it = await startMlx(undefined);
  const { heard, parks, restarts } = await interrupted(it, {});
  assert.deepEqual([heard.content, parks, restarts], [TEXT, 1, 1]);
});

test("mlx_lm with its model's folder: an answer goes on, with the counts of one run, streamed or not", async () => {
  await using folder = ModelFolder.simulated();
  for (const more of [{}, { stream: true, stream_options: { include_usage: true } }]) {
    await using it = await startMlx(folder.path);
    const { heard, parks, restarts } = await interrupted(it, more);
    assert.deepEqual([heard.content, heard.errors, parks, restarts], [TEXT, [], 1, 0]);
    const init = { method: "POST", body: JSON.stringify({ model: it.server.model, ...ASKED, ...more }) };
    assert.deepEqual(heard.usage, (await hear(await fetch(it.server.url + CHAT, init))).usage);
  }
});

for (const [what, template] of [
  [
    "a template that says something else",
    SIMULATED_TEMPLATE.replace("message.content", "message.content + ' Be brief.'"),
  ],
  ["a template that takes no such conversation", "{{ raise_exception('no') }}"],
  ["a template that is none", "{% for"],
] as const) {
  test(`mlx_lm with ${what}: the trial fails, and its answers start over or run to their end as ever`, async () => {
    await using folder = ModelFolder.simulated(template);
    await using it = await startMlx(folder.path);
    const { heard, restarts } = await interrupted(it, {});
    assert.deepEqual([heard.content, restarts], [TEXT, 1]);
    const streamed = await interruptedAt(it, { model: it.server.model, ...ASKED, stream: true }, { cuts: [5] });
    assert.equal(streamed.content, TEXT);
    assert.equal(it.ended.at(-1)?.parks, 0);
  });
}

test("mlx_lm: the trial is made once for a model, with the permit of the first request that may need it", async () => {
  await using folder = ModelFolder.simulated();
  await using it = await startMlx(folder.path);
  const trials = (): number => it.server.served.filter(({ isWork, body }) => isWork && body.includes("a gate?")).length;
  const ask = async (path: string, more: Json = {}): Promise<void> => {
    await (await it.post(path + CHAT, { model: it.server.model, ...ASKED, ...more })).text();
  };
  await ask("/foreground");
  await ask("/background", { max_tokens: undefined });
  assert.equal(trials(), 0);
  await ask("/background");
  await ask("/background");
  assert.equal(trials(), 2);
});

test("mlx_lm: a request without a limit of its own has the server's, which is not known: it does not go on", async () => {
  await using folder = ModelFolder.simulated();
  await using it = await startMlx(folder.path);
  const { heard, restarts } = await interrupted(it, { max_tokens: undefined });
  assert.deepEqual([heard.content, restarts], [TEXT, 1]);
  assert.equal(it.server.served.filter(isChat).length, 2);
});

test("Ollama, where its owner takes the risk: a stream that is aborted may cost the slot, which is noticed and said", async () => {
  await using it = await startGateway({
    server: { engine: "ollama", answer: { text: TEXT }, quirks: { leaksSlots: true } },
    upstream: { resume: { stopStreams: true } },
    config: { preempt: { enabled: true, minRunMs: 0, freeWithinMs: 20 } },
  });
  it.server.pauseTokens();
  const { max_tokens: _, ...unlimited } = ASKED;
  const background = it.post(`/background${CHAT}`, { model: it.server.model, ...unlimited, stream: true });
  const { id } = await it.server.when("started");
  await it.server.step(16, id);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  const person = it.post(`/foreground${CHAT}`, { model: it.server.model, ...ASKED });
  await it.server.when("hung-up");
  const [upstream] = it.gateway.upstreams.all;
  while (upstream?.watchdog.stuck !== true) await new Promise((resolve) => setTimeout(resolve, 5));
  it.server.resumeTokens();
  it.server.repairSlots();
  await (await person).text();
  assert.equal((await hear(await background)).content, TEXT);
});
