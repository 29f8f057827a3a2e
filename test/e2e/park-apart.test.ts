import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startModelServer } from "../../src/testing/index.ts";
import { hear } from "../property/interrupted.ts";
import { startGateway, type Json } from "../support/gateway.ts";
import { CHAT } from "./talk.ts";

const TEXT = Array.from({ length: 30 }, (_, n) => `word${n}`).join(" ");
const ANSWER = { answer: { text: TEXT }, timing: { decodeMsPerToken: 0, prefillMsPerToken: 0 } };
const PREEMPT = { preempt: { enabled: true, minRunMs: 0 } };

function ask(model: string, text: string, more: Json = {}): Json {
  return { model, messages: [{ role: "user", content: text }], ...more };
}

test("a server on a gate of its own is left alone when a person comes to the other", async () => {
  await using here = await startModelServer({ engine: "llama-server", strict: true, models: ["here"], ...ANSWER });
  await using there = await startModelServer({ engine: "vllm", strict: true, models: ["there"], ...ANSWER });
  await using it = await startGateway({ server: null, config: PREEMPT });
  await it.gateway.addUpstream({ url: here.url, gate: "local", models: { alias: {} } });
  await it.gateway.addUpstream({ url: there.url, gate: "elsewhere", models: { alias: {} } });
  const answers = [here, there].map(async (server) => {
    server.pauseTokens();
    const answer = it.post(`/background${CHAT}`, ask(server.model, "background", { stream: true }));
    const { id } = await server.when("started");
    await server.step(5, id);
    return answer;
  });
  const heard = (await Promise.all(answers)).map(hear);
  const started = [...it.gateway.requests.live.values()].every(({ firstTokenAt }) => firstTokenAt !== undefined);
  if (!started)
    await it.until(() => [...it.gateway.requests.live.values()].every((all) => all.firstTokenAt !== undefined));
  const person = it.post(`/foreground${CHAT}`, ask("here", "person", { max_tokens: 1 }));
  await here.when("started", ({ body }) => body.includes("person"));
  here.resumeTokens();
  assert.equal((await person).status, 200);
  await (await person).text();
  there.resumeTokens();
  const [first, second] = await Promise.all(heard);
  assert.deepEqual([first?.content, second?.content], [TEXT, TEXT]);
  const parks = Object.fromEntries(it.ended.map((record) => [`${record.gate} ${record.priority}`, record.parks]));
  assert.deepEqual(parks, { "local 0": 0, "local 100": 1, "elsewhere 100": 0 });
});

describe("runs to its end once its client has some of it, because it could not go on", () => {
  for (const [what, more] of [
    ["several answers", { n: 2 }],
    ["log probabilities", { logprobs: true }],
  ] as const) {
    test(what, async () => {
      await using it = await startGateway({ server: { engine: "vllm", ...ANSWER }, config: PREEMPT });
      const { server } = it;
      server.pauseTokens();
      const answer = it.post(`/background${CHAT}`, ask(server.model, "background", { stream: true, ...more }));
      const { id } = await server.when("started");
      await server.step(5, id);
      await it.until(() =>
        [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined),
      );
      const person = it.post(`/foreground${CHAT}`, ask(server.model, "person", { max_tokens: 1 }));
      await it.waiting(1);
      assert.equal(it.gate.snapshot().holders[0]?.priority, 100);
      server.resumeTokens();
      assert.equal((await hear(await answer)).errors.length, 0);
      await (await person).text();
      assert.deepEqual(
        it.ended.map(({ priority, parks }) => [priority, parks]),
        [
          [100, 0],
          [0, 0],
        ],
      );
    });
  }
});

test("a shutdown that ran out of time tells a parked stream that this is no answer, and leaves nothing behind", async () => {
  await using it = await startGateway({ server: { engine: "llama-server", ...ANSWER }, config: PREEMPT });
  const { server } = it;
  server.pauseTokens();
  const answer = await it.post(`/background${CHAT}`, ask(server.model, "background", { stream: true }));
  const { id } = await server.when("started");
  await server.step(5, id);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  const person = it.post(`/foreground${CHAT}`, ask(server.model, "person")).catch(() => {});
  await it.until(() => it.gate.snapshot().holders.some(({ priority }) => priority === 0));
  const heard = hear(answer).catch((error: unknown) => error);
  await it.gateway.shutDown(0);
  const told = await heard;
  await person;
  const isCut = told instanceof Error;
  assert.ok(isCut || ("ends" in (told as object) && (told as { ends: number }).ends === 0));
  await it.over(2);
  assert.equal(it.ended.length, 2);
});
