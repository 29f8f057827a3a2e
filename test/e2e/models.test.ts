import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayUnderTest, Json } from "../support/gateway.ts";
import { occupied, order } from "./line.ts";
import { CHAT, chat } from "./talk.ts";

const MODELS = ["m:latest", "a:latest", "b:latest"];

/** Queues these one after the other behind a request that runs, and lets them all be served. */
async function servedBehindOne(
  config: Json,
  send: (it: GatewayUnderTest, n: number) => Promise<Response>,
): Promise<string[]> {
  const { it, running } = await occupied({ server: { engine: "ollama", models: MODELS }, config });
  await using _ = it;
  const answers: Promise<Response>[] = [running];
  for (let n = 1; n <= 6; n++) {
    answers.push(send(it, n));
    await it.waiting(n);
  }
  it.server.resumeTokens();
  for (const answer of await Promise.all(answers)) {
    assert.equal(answer.status, 200);
    await answer.text();
  }
  return order(it).slice(1);
}

const eitherModel = (it: GatewayUnderTest, n: number): Promise<Response> =>
  it.post(CHAT, chat(`${n}`, { model: n % 2 === 1 ? "a" : "b:latest" }));

test("at a server that changes models, waiters of one priority are served model by model", async () => {
  assert.deepEqual(await servedBehindOne({}, eitherModel), ["1", "3", "5", "2", "4", "6"]);
});

test("queue.groupByModel bounds how many go before an earlier request for another model", async () => {
  assert.deepEqual(await servedBehindOne({ queue: { groupByModel: 1 } }, eitherModel), ["1", "3", "2", "4", "6", "5"]);
});

test("with queue.groupByModel 0, and on a gate with aging, everybody is served in order of arrival", async () => {
  const arrival = ["1", "2", "3", "4", "5", "6"];
  assert.deepEqual(await servedBehindOne({ queue: { groupByModel: 0 } }, eitherModel), arrival);
  assert.deepEqual(await servedBehindOne({ queue: { agingMs: 60_000 } }, eitherModel), arrival);
});

test("Ollama's context size counts as another model, because it loads the model anew for it", async () => {
  const eitherSize = (it: GatewayUnderTest, n: number): Promise<Response> => {
    const options = n % 2 === 1 ? { num_ctx: 2048, num_predict: 2 } : { num_ctx: 4096, num_predict: 2 };
    const messages = [{ role: "user", content: `${n}` }];
    return it.post("/api/chat", { model: "a", messages, stream: false, options });
  };
  assert.deepEqual(await servedBehindOne({}, eitherSize), ["1", "3", "5", "2", "4", "6"]);
});

test("a person goes before all of them, whatever the model", async () => {
  const priority = (n: number): string => (n === 6 ? "foreground" : "background");
  const send = (it: GatewayUnderTest, n: number): Promise<Response> =>
    it.post(CHAT, chat(`${n}`, { model: n % 2 === 1 ? "a" : "b" }), {
      headers: { "x-headgate-priority": priority(n) },
    });
  assert.deepEqual(await servedBehindOne({}, send), ["6", "1", "3", "5", "2", "4"]);
});
