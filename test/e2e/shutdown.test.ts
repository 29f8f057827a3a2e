import assert from "node:assert/strict";
import { test } from "node:test";
import { localServer } from "../support/local-server.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { CHAT, chat, refusal, stream } from "./talk.ts";

const LIMIT = 30_000;

/** One stream in the only slot that has said something, and two requests in line. */
async function busy(): Promise<{ it: GatewayUnderTest; clock: ManualClock; answers: Promise<Response>[] }> {
  const clock = new ManualClock();
  const it = await startGateway({ clock });
  it.server.pauseTokens();
  const answers = [it.post(CHAT, stream("running"))];
  await it.server.when("started");
  await it.server.step(1);
  answers.push(it.post(CHAT, chat("waiting")), it.post(`/foreground${CHAT}`, stream("waiting too")));
  await it.waiting(2);
  return { it, clock, answers };
}

test("running and waiting requests finish within the limit, new ones are told, and then it is closed", async () => {
  const { it, clock, answers } = await busy();
  await using _ = it;
  const closed = it.gateway.shutDown(LIMIT);
  const late = await it.post(CHAT, chat("late"));
  assert.match(late.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  const { status, code, message } = await refusal(late);
  assert.deepEqual([status, code], [503, "draining"]);
  assert.match(message, /shut down|shutting down/);
  const health = await it.get("/health?ready");
  assert.equal(health.status, 503);
  await health.text();
  clock.advance(LIMIT - 1);
  it.server.resumeTokens();
  for (const answer of answers) assert.equal((await answer).status, 200);
  const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
  assert.match(texts[0]!, /\[DONE\]\n\n$/);
  assert.match(texts[2]!, /\[DONE\]\n\n$/);
  await closed;
  await assert.rejects(it.post(CHAT, chat("too late")), { name: "TypeError" });
  assert.equal(clock.pending.all, 0);
});

test("what is not done when the limit has passed is cut, for the client and for the server", async () => {
  const { it, clock, answers } = await busy();
  await using _ = it;
  it.endsAbruptly = true;
  const closed = it.gateway.shutDown(LIMIT);
  clock.advance(LIMIT);
  await closed;
  const [running, ...waiting] = await Promise.all(answers.map(async (answer) => (await answer).text()));
  assert.match(running!, /data: \{"error":\{"message":"[^"]*shutting down/);
  assert.doesNotMatch(running!, /\[DONE\]/);
  for (const text of waiting) assert.match(text, /"code":"draining"/);
  await it.over(3);
  assert.equal((await it.server.when("ended", ({ isWork }) => isWork)).outcome, "aborted");
  assert.deepEqual([it.gate.held, it.gate.waiting, it.gateway.requests.live.size, clock.pending.all], [0, 0, 0, 0]);
  it.server.resumeTokens();
});

test("an idle gateway closes at once, also with idle connections open", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({ clock });
  await (await it.post(CHAT, chat())).text();
  using idle = await RawClient.connect(it.port);
  await it.gateway.shutDown(LIMIT);
  await idle.closed;
  assert.equal(clock.pending.all, 0);
});

/** More than the buffers of two connections hold. */
const LONG = JSON.stringify({ choices: [{ message: { content: "x".repeat(30_000_000) }, finish_reason: "stop" }] });

/** A client that does not read an answer which its server has long finished. */
async function slowReader(clock: ManualClock): Promise<AsyncDisposable & { it: GatewayUnderTest; client: RawClient }> {
  const server = await localServer((request, response) => {
    if (request.method === "POST") response.end(LONG);
    else response.writeHead(404).end();
  });
  const it = await startGateway({ clock, server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const client = await RawClient.connect(it.port);
  client.pause();
  client.write(postBytes(CHAT, JSON.stringify(chat())));
  await it.until(() => it.gate.held === 1);
  return {
    it,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await it[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a client that reads slowly gets the whole of its answer before its connection closes", async () => {
  await using scene = await slowReader(new ManualClock());
  const { it, client } = scene;
  const closed = it.gateway.shutDown(LIMIT);
  client.resume();
  await closed;
  await client.closed;
  assert.ok(client.text.length > LONG.length);
  assert.match(client.text.slice(-100), /"finish_reason":"stop"\}\]\}\r\n0\r\n\r\n$/);
});

test("nobody can hold up the end by reading nothing", async () => {
  const clock = new ManualClock();
  await using scene = await slowReader(clock);
  const closed = scene.it.gateway.shutDown(LIMIT);
  clock.advance(LIMIT);
  await closed;
});

test("closing twice, and after a shutdown, is harmless", async () => {
  await using it = await startGateway();
  await Promise.all([it.gateway.shutDown(1000), it.gateway.shutDown(1000)]);
  await it.gateway.close();
});
