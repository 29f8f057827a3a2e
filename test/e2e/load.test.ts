import assert from "node:assert/strict";
import { test } from "node:test";
import { Agent, request } from "undici";
import { collectGarbage } from "../support/garbage.ts";
import { startGateway } from "../support/gateway.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { asked, CHAT, chat, stream } from "./talk.ts";

const SHARED = { queue: { beside: "share" } };

test("a thousand clients at once are all answered, and the server never has more than its slots", async () => {
  await using it = await startGateway({ server: { engine: "llama-server", slots: 4 }, config: SHARED });
  it.server.pauseTokens();
  const agent = new Agent({ connections: null });
  const answers = Array.from({ length: 1000 }, async (_, n) => {
    const { statusCode, body } = await request(`${it.url}${CHAT}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-priority": n % 10 === 0 ? "foreground" : "background" },
      body: JSON.stringify(n % 2 === 0 ? stream(`${n}`) : chat(`${n}`)),
      dispatcher: agent,
    });
    return { statusCode, text: await body.text(), n };
  });
  await it.waiting(996);
  it.server.resumeTokens();
  for (const { statusCode, text, n } of await Promise.all(answers)) {
    assert.equal(statusCode, 200, text);
    assert.match(text, n % 2 === 0 ? /\[DONE\]\n\n$/ : /"finish_reason":"length"/);
  }
  await agent.close();
  const order = it.server.served.filter(({ isWork }) => isWork).map(({ body }) => Number(asked(body)));
  // Those who were there first hold the slots; from then on people go first.
  const rest = order.slice(4);
  const people = rest.filter((n) => n % 10 === 0).length;
  assert.ok(rest.slice(0, people).every((n) => n % 10 === 0));
  assert.equal(it.server.maxLive, 4);
});

const CONNECTIONS = 100;
const EACH = 100;
const WAITERS = CONNECTIONS * EACH;
/** Of everything: sockets, requests, bodies, waiters, both ends of it. */
const MAX_BYTES_PER_WAITER = 20_000;

test("ten thousand wait in little memory and in order, a person passes them all, and they leave in one go", async () => {
  await using it = await startGateway();
  it.server.pauseTokens();
  const running = it.post(CHAT, chat("running"));
  await it.server.when("started");
  const clients: RawClient[] = [];
  for (let n = 0; n < CONNECTIONS; n++) clients.push(await RawClient.connect(it.port));
  await collectGarbage(2);
  const before = process.memoryUsage().heapUsed;
  // Pipelined, because ten thousand sockets with both ends in one process are too many for it.
  for (const [c, client] of clients.entries()) {
    client.write(Array.from({ length: EACH }, (_, n) => postBytes(CHAT, JSON.stringify(chat(`${c}.${n}`)))).join(""));
  }
  await it.waiting(WAITERS);
  await collectGarbage(2);
  const each = (process.memoryUsage().heapUsed - before) / WAITERS;
  assert.ok(each < MAX_BYTES_PER_WAITER, `${Math.round(each)} bytes for each waiter`);
  const full = await it.post(CHAT, chat("too many"));
  assert.equal(full.status, 429, await full.text());

  const person = it.post(`/foreground${CHAT}`, chat("person"));
  // The last waiter had to give up its place for it.
  await it.until(() => it.outcomes.includes("displaced"));
  const ids = it.gate.snapshot().waiters.map(({ label }) => label);
  assert.equal(ids.length, WAITERS);
  it.server.resumeTokens();
  assert.equal((await person).status, 200);
  await it.until(() => it.outcomes.filter((outcome) => outcome === "finished").length >= 300);
  const work = it.server.served.filter(({ isWork }) => isWork).map(({ body }) => asked(body));
  assert.deepEqual(work.slice(0, 2), ["running", "person"]);
  const seen = it.ended.filter(({ outcome }) => outcome === "finished").map(({ id }) => id);
  assert.deepEqual(seen.slice(1, 300), ids.slice(0, 299));

  for (const client of clients) client.reset();
  await it.waiting(0);
  await (await running).text();
  await (await person).text();
  await it.over(WAITERS + 3);
  assert.ok(it.outcomes.filter((outcome) => outcome === "client_closed").length > WAITERS - 1000);
});

test("requests that all fail at once make no storm of probes", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  it.server.pauseTokens();
  const running = it.post(CHAT, stream("running")).then(
    (answer) => answer.text(),
    () => "",
  );
  await it.server.when("started");
  const waiting = Array.from({ length: 300 }, async () => (await it.post(CHAT, chat())).status);
  await it.waiting(300);
  let probes = 0;
  const [upstream] = it.gateway.upstreams.all;
  const refresh = upstream!.refresh.bind(upstream);
  upstream!.refresh = () => {
    probes++;
    return refresh();
  };
  await it.server.goDown();
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set([503]));
  await running;
  assert.ok(probes <= 10, `${probes} probes`);
});
