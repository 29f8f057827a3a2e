import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createLog } from "../../src/gateway/log.ts";
import { MOST_SILENCE_MS } from "../../src/relay/relay.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { occupied } from "./line.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { CHAT, chat, stream } from "./talk.ts";

/** How a client leaves: it closes, it resets, or it only says that nothing more will come and then waits for its answer. */
const LEAVES = ["fin", "reset"] as const;

async function send(it: GatewayUnderTest, body: Json, path = CHAT): Promise<RawClient> {
  const client = await RawClient.connect(it.port);
  client.write(postBytes(path, JSON.stringify(body)));
  return client;
}

for (const leave of LEAVES) {
  test(`a queued client that leaves by ${leave} leaves the line at once and never reaches the server`, async () => {
    const { it, running } = await occupied();
    await using _ = it;
    const first = await send(it, chat("leaves"));
    await it.waiting(1);
    const second = it.post(CHAT, chat("stays"));
    await it.waiting(2);
    first[leave]();
    await it.waiting(1);
    await first.closed;
    await it.over(1);
    assert.deepEqual([it.gate.held, it.outcomes[0]], [1, "client_closed"]);
    it.server.resumeTokens();
    for (const answer of [running, second]) assert.equal((await answer).status, 200, await (await answer).text());
    assert.equal(it.server.served.filter(({ isWork }) => isWork).length, 2);
  });

  test(`a client that leaves by ${leave} before the first byte stops the server's work, and the next one runs`, async () => {
    await using it = await startGateway({ server: { engine: "llama-server" } });
    it.server.pausePrefill();
    it.server.pauseTokens();
    const gone = await send(it, stream("leaves"));
    await it.server.when("started");
    const next = it.post(CHAT, stream("stays"));
    await it.waiting(1);
    gone[leave]();
    await it.server.when("hung-up", ({ isWork }) => isWork);
    it.server.resumePrefill();
    it.server.resumeTokens();
    assert.match(await (await next).text(), /\[DONE\]/);
    const [first, second] = it.server.served.filter(({ isWork }) => isWork);
    assert.deepEqual([first!.outcome, second!.outcome], ["aborted", "answered"]);
    assert.deepEqual(it.outcomes, ["client_closed", "finished"]);
  });

  test(`a client that leaves by ${leave} in mid-stream stops the server's work within a token`, async () => {
    await using it = await startGateway({ server: { engine: "llama-server" } });
    it.server.pauseTokens();
    const gone = await send(it, stream("leaves", { max_tokens: 500 }));
    await it.server.when("started");
    await it.server.step(3);
    await gone.until(/"content":"[^"]/);
    const next = it.post(CHAT, stream("stays"));
    await it.waiting(1);
    gone[leave]();
    const first = await it.server.when("hung-up", ({ isWork }) => isWork);
    it.server.resumeTokens();
    assert.match(await (await next).text(), /\[DONE\]/);
    assert.equal(first.outcome, "aborted");
    assert.ok(first.tokens <= 4, `${first.tokens} tokens`);
  });

  test(`half a body and then ${leave}: nothing waits, nothing is kept and the server hears nothing`, async () => {
    await using it = await startGateway();
    const client = await RawClient.connect(it.port);
    const whole = postBytes(CHAT, JSON.stringify(chat("x".repeat(100_000))));
    client.write(whole.slice(0, 60_000));
    await it.until(() => it.gateway.requests.live.size === 1);
    client[leave]();
    await it.over(1);
    await client.closed;
    assert.deepEqual(it.outcomes, ["client_closed"]);
    assert.ok(it.server.served.every(({ isWork }) => !isWork));
  });
}

test("who leaves a whole answer stops the server too, where a forced stream makes that possible", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  it.server.pauseTokens();
  const gone = await send(it, chat("leaves", { max_tokens: 500 }));
  const { id } = await it.server.when("started");
  await it.server.step(2);
  gone.reset();
  const first = await it.server.when("hung-up", id);
  it.server.resumeTokens();
  await it.server.when("ended", id);
  assert.deepEqual([first.outcome, first.streaming], ["aborted", true]);
  assert.ok(first.tokens <= 3, `${first.tokens} tokens`);
});

test("an Ollama stream is read to its end for a client that left, and its permit is held until then", async () => {
  await using it = await startGateway({ server: { engine: "ollama", quirks: { leaksSlots: true } } });
  it.server.pauseTokens();
  const gone = await send(it, { model: "m", messages: [{ role: "user", content: "leaves" }] }, "/api/chat");
  const { id } = await it.server.when("started");
  await it.server.step(2);
  await gone.until(/"content":"[^"]/);
  const next = it.post("/api/chat", { model: "m", messages: [{ role: "user", content: "stays" }], stream: false });
  await it.waiting(1);
  gone.reset();
  await gone.closed;
  await it.server.step(5);
  assert.deepEqual([it.gate.held, it.gate.waiting], [1, 1]);
  it.server.resumeTokens();
  assert.equal((await next).status, 200);
  await (await next).text();
  assert.deepEqual([it.server.served.find((one) => one.id === id)!.outcome, it.server.slots.leaked], ["answered", 0]);
  assert.deepEqual(it.outcomes, ["client_closed", "finished"]);
});

test("an Ollama stream that falls silent for ten minutes after its client left gives its permit on, with a warning", async () => {
  const clock = new ManualClock();
  let written = "";
  const log = createLog({ level: "warn", form: "json" }, { isTTY: false, write: (text) => void (written += text) });
  await using it = await startGateway({ clock, log, server: { engine: "ollama" } });
  it.server.pauseTokens();
  const gone = await send(it, { model: "m", messages: [{ role: "user", content: "leaves" }] }, "/api/chat");
  const { id } = await it.server.when("started");
  await it.server.step(1);
  await gone.until(/"content":"[^"]/);
  const { all } = clock.pending;
  gone.reset();
  // Once it has noticed, the gateway measures the silence.
  while (clock.pending.all === all) await nextTurn();
  clock.advance(MOST_SILENCE_MS - 1);
  assert.equal(it.gate.held, 1);
  clock.advance(1);
  await it.over(1);
  await it.server.when("hung-up", id);
  assert.match(written, /"request":"req_\w+".*permit passed on/);
  assert.deepEqual(it.outcomes, ["client_closed"]);
  it.server.resumeTokens();
});

test("a client too slow to read stops neither itself nor others, and leaving frees the slot", async () => {
  await using it = await startGateway({ server: { engine: "ollama", answer: { text: "word ".repeat(60_000) } } });
  const slow = await send(it, { model: "m", messages: [{ role: "user", content: "slow" }] }, "/api/chat");
  slow.pause();
  const { id } = await it.server.when("first-token");
  const next = it.post("/api/chat", { model: "m", messages: [{ role: "user", content: "x" }], stream: false });
  await it.waiting(1);
  // As it must not be aborted, what nobody reads any more has to flow all the same.
  slow.reset();
  await it.server.when("ended", id);
  await (await next).text();
  assert.equal(it.server.served.find((one) => one.id === id)!.outcome, "answered");
});

test("requests pipelined on one connection are answered in their order", async () => {
  await using it = await startGateway();
  const client = await RawClient.connect(it.port);
  const texts = ["one", "two", "three"];
  client.write(texts.map((text) => postBytes(CHAT, JSON.stringify(chat(text)))).join(""));
  await client.until(/(?:HTTP\/1\.1 200[^]*?){3}\r\n0\r\n\r\n$/);
  const ids = [...client.text.matchAll(/x-headgate-request-id: (\w+)/gi)].map(([, id]) => id);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(it.outcomes, ["finished", "finished", "finished"]);
  client[Symbol.dispose]();
});

test("pipelined requests leave the line together when their connection closes", async () => {
  await using it = await startGateway();
  it.server.pauseTokens();
  const client = await RawClient.connect(it.port);
  client.write(["one", "two", "three"].map((text) => postBytes(CHAT, JSON.stringify(stream(text)))).join(""));
  await it.server.when("started");
  await it.waiting(2);
  client.reset();
  await it.waiting(0);
  await it.over(3);
  it.server.resumeTokens();
  assert.deepEqual(it.outcomes, ["client_closed", "client_closed", "client_closed"]);
  assert.equal(it.server.served.filter(({ isWork }) => isWork).length, 1);
});

test("a burst of hang-ups in the line and on the server leaves nothing behind", async () => {
  await using it = await startGateway({
    server: { engine: "llama-server", slots: 4 },
    config: { queue: { beside: "share" } },
  });
  it.server.pauseTokens();
  const clients = await Promise.all(Array.from({ length: 200 }, () => send(it, stream("leaves"))));
  await it.waiting(196);
  for (const client of clients) client.reset();
  await it.over(200);
  it.server.resumeTokens();
  await nextTurn();
  assert.ok(it.outcomes.every((outcome) => outcome === "client_closed"));
  assert.match(await (await it.post(CHAT, stream("stays"))).text(), /\[DONE\]/);
});

test("who leaves while its body is read back from disk never reaches the server", async () => {
  await using it = await startGateway({ config: { limits: { queuedBodyBytes: 0 } } });
  const { bodies } = it.gateway;
  const spool = bodies.spool.bind(bodies);
  const clients: RawClient[] = [];
  bodies.spool = async (body) => {
    const stored = await spool(body);
    const bytes = async (): Promise<Uint8Array> => {
      clients[0]!.reset();
      await clients[0]!.closed;
      // Both ends are in this process: the gateway's end closes within a turn or two.
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      return stored.bytes();
    };
    return { ...stored, bytes };
  };
  clients.push(await RawClient.connect(it.port));
  clients[0]!.write(postBytes(CHAT, JSON.stringify(chat("leaves"))));
  await it.over(1);
  assert.deepEqual(it.outcomes, ["client_closed"]);
  assert.ok(it.server.served.every(({ isWork }) => !isWork));
});

test("a server that refuses the next request while it has yet to notice that one is gone: the next waits for it", async () => {
  await using it = await startGateway({
    server: { engine: "vllm-mlx", answer: { tokens: 60 }, timing: { decodeMsPerToken: 5 } },
  });
  const client = new AbortController();
  const first = await it.post(CHAT, stream(), { signal: client.signal });
  await first.body!.getReader().read();
  client.abort();
  const next = await it.post(CHAT, chat());
  assert.equal(next.status, 200);
  assert.equal(it.server.served.filter(({ outcome }) => outcome === "refused").length > 0, true);
});
