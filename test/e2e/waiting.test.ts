import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { startGateway, type GatewayOptions, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { asked, CHAT, chat, refusal, stream } from "./talk.ts";

const EVERY = 15_000;

interface Scene extends AsyncDisposable {
  readonly it: GatewayUnderTest;
  readonly clock: ManualClock;
  /** Lets the server go on. */
  go(): void;
}

/** A gateway on a clock of the test's own, with one request in the only slot. */
async function occupied(options: GatewayOptions = {}): Promise<Scene> {
  const clock = new ManualClock();
  const it = await startGateway({ clock, ...options });
  it.server.pauseTokens();
  const running = it.post(CHAT, chat("running", { model: it.server.model }), {
    headers: { "x-priority": "background" },
  });
  await it.server.when("started");
  return {
    it,
    clock,
    go: () => it.server.resumeTokens(),
    async [Symbol.asyncDispose]() {
      it.server.resumeTokens();
      await (await running).text();
      await it[Symbol.asyncDispose]();
    },
  };
}

/** Someone who waits in line, heard over a raw socket. */
async function waiter(it: GatewayUnderTest, path: string, body: Json, headers = {}): Promise<RawClient> {
  const client = await RawClient.connect(it.port);
  const before = it.gate.waiting;
  client.write(
    postBytes(path, JSON.stringify({ model: it.server.model, ...body }), { Connection: "close", ...headers }),
  );
  await it.waiting(before + 1);
  return client;
}

const BEATS: readonly [dialect: string, path: string, body: Json, engine: "llama-server" | "plain", beat: RegExp][] = [
  ["chat", CHAT, stream(), "plain", /^: waiting$/],
  ["completions", "/v1/completions", { prompt: "x", stream: true, max_tokens: 4 }, "plain", /^: waiting$/],
  ["Responses", "/v1/responses", { input: "x", stream: true, max_output_tokens: 4 }, "plain", /^: waiting$/],
  ["native completion", "/completion", { prompt: "x", stream: true, n_predict: 4 }, "llama-server", /^: waiting$/],
  ["Anthropic", "/v1/messages", stream(), "plain", /^event: ping\ndata: \{"type": ?"ping"\}$/],
];

for (const [dialect, path, body, engine, beat] of BEATS) {
  test(`${dialect}: a streaming client that waits hears a heartbeat every so often, and then the answer alone`, async () => {
    await using scene = await occupied({ server: { engine } });
    const { it, clock } = scene;
    using client = await waiter(it, path, body);
    clock.advance(EVERY - 1);
    assert.equal(client.text, "");
    clock.advance(1);
    await client.until(/HTTP\/1\.1 200 OK[^]*Content-Type: text\/event-stream[^]*\r\n\r\n[^]+\n\n/);
    for (let n = 0; n < 3; n++) clock.advance(EVERY);
    scene.go();
    await client.closed;
    const frames = framesOf(client.text);
    assert.ok(
      frames.slice(0, 4).every((frame) => beat.test(frame)),
      client.text,
    );
    assert.doesNotMatch(frames[4]!, beat);
    assert.match(client.text, /\[DONE\]|message_stop|response\.incomplete|response\.completed|"stop":true/);
    assert.equal(it.gateway.config.queue.heartbeatAfterMs, EVERY);
  });
}

/** The body's frames, chunked framing taken off. */
function framesOf(text: string): string[] {
  const body = text.slice(text.indexOf("\r\n\r\n") + 4).replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, "");
  return body.split("\n\n").filter((frame) => frame.trim() !== "");
}

test("an empty delta, or nothing, is the heartbeat where that is configured", async () => {
  for (const [form, beat] of [
    ["delta", /"chatcmpl-waiting"/],
    ["none", undefined],
  ] as const) {
    await using scene = await occupied({ config: { queue: { heartbeatForm: form } } });
    using client = await waiter(scene.it, CHAT, stream());
    scene.clock.advance(EVERY);
    if (beat !== undefined) await client.until(beat);
    scene.go();
    await client.closed;
    assert.match(client.text, /\[DONE\]/);
    assert.doesNotMatch(client.text, /: waiting/);
  }
});

test("who does not stream, or streams lines, keeps a silent open connection and gets an ordinary answer", async () => {
  await using scene = await occupied({ server: { engine: "ollama" } });
  const { it, clock } = scene;
  const silent: [string, Json][] = [
    [CHAT, chat()],
    ["/v1/embeddings", { input: "x" }],
    ["/api/chat", { messages: [{ role: "user", content: "x" }] }],
    ["/api/generate", { prompt: "x", stream: false }],
  ];
  const clients: RawClient[] = [];
  for (const [path, body] of silent) clients.push(await waiter(it, path, body));
  clock.advance(10 * EVERY);
  assert.deepEqual(
    clients.map(({ text }) => text),
    ["", "", "", ""],
  );
  scene.go();
  for (const client of clients) {
    await client.closed;
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n[^]*X-Headgate-Queue-Wait-Ms: 150000\r\n/);
  }
});

test("no heartbeat comes once the request runs, and none is left behind when its client leaves", async () => {
  await using scene = await occupied();
  const { it, clock } = scene;
  using client = await waiter(it, CHAT, stream());
  clock.advance(EVERY);
  await client.until(/: waiting/);
  client.reset();
  await it.waiting(0);
  await it.over(1);
  assert.equal(clock.pending.all, 1, "only the server's next probe");
});

test("both SDKs take heartbeats for what they are", async () => {
  await using scene = await occupied();
  const { it, clock } = scene;
  const ask = { model: "m", max_tokens: 4, messages: [{ role: "user" as const, content: "x" }] };
  const openai = new OpenAI({ baseURL: `${it.url}/v1`, apiKey: "none", maxRetries: 0 }).chat.completions.stream(ask);
  await it.waiting(1);
  const anthropic = new Anthropic({ baseURL: it.url, apiKey: "none", maxRetries: 0 }).messages.stream(ask);
  await it.waiting(2);
  clock.advance(EVERY);
  clock.advance(EVERY);
  scene.go();
  assert.ok((await openai.finalChatCompletion()).choices[0]!.message.content);
  assert.equal((await anthropic.finalMessage()).content[0]!.type, "text");
});

const IN_BAND: readonly [dialect: string, path: string, error: RegExp, end: RegExp][] = [
  [
    "chat",
    CHAT,
    /data: \{"error":\{"message":"[^"]+","type":"rate_limit_error","param":null,"code":"queue_timeout"\}\}/,
    /DONE/,
  ],
  [
    "Anthropic",
    "/v1/messages",
    /event: error\ndata: \{"type":"error","error":\{"type":"rate_limit_error"/,
    /message_stop/,
  ],
];

for (const [dialect, path, error, end] of IN_BAND) {
  test(`${dialect}: after the first heartbeat a refusal is told in-band, without the mark of a whole answer`, async () => {
    await using scene = await occupied();
    using client = await waiter(scene.it, path, stream(), { "X-Headgate-Max-Wait": "20" });
    scene.clock.advance(EVERY);
    await client.until(/waiting|ping/);
    scene.clock.advance(5_000);
    await client.closed;
    assert.match(client.text, /^HTTP\/1\.1 200/);
    assert.match(client.text, error);
    assert.doesNotMatch(client.text, end);
  });
}

test("after the first heartbeat the server's own refusal is told in-band, in its words", async () => {
  await using scene = await occupied();
  using client = await waiter(scene.it, CHAT, stream());
  scene.clock.advance(EVERY);
  await client.until(/: waiting/);
  scene.it.server.fail({ kind: "status", status: 400, body: '{"error":{"message":"prompt too long"}}' });
  scene.go();
  await client.closed;
  assert.match(client.text, /^HTTP\/1\.1 200/);
  assert.match(client.text, /data: \{"error":\{"message":"the model server answered 400: .*prompt too long/);
  assert.doesNotMatch(client.text, /DONE/);
});

test("who waits too long is answered 429 queue_timeout with a Retry-After", async () => {
  await using scene = await occupied({ config: { queue: { background: { maxWaitMs: 30_000 } } } });
  const answer = scene.it.post(CHAT, chat());
  await scene.it.waiting(1);
  scene.clock.advance(29_999);
  assert.equal(scene.it.gate.waiting, 1);
  scene.clock.advance(1);
  assert.match((await answer).headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.equal((await answer).headers.get("x-should-retry"), "true");
  const { status, code } = await refusal(await answer);
  assert.deepEqual([status, code], [429, "queue_timeout"]);
});

const LIMITS: readonly [title: string, headers: Record<string, string>, waits: number][] = [
  ["X-Headgate-Max-Wait shortens the wait", { "X-Headgate-Max-Wait": "2.5" }, 2_500],
  ["X-Headgate-Max-Wait never lengthens it", { "X-Headgate-Max-Wait": "3600" }, 30_000],
  ["an absurd X-Headgate-Max-Wait is no error", { "X-Headgate-Max-Wait": "1e300" }, 30_000],
  ["a word as X-Headgate-Max-Wait is no error", { "X-Headgate-Max-Wait": "soon" }, 30_000],
  ["an empty X-Headgate-Max-Wait says nothing", { "X-Headgate-Max-Wait": "" }, 30_000],
  ["a negative X-Headgate-Max-Wait says nothing", { "X-Headgate-Max-Wait": "-1" }, 30_000],
  ["a wait ends shortly before the SDK would hang up", { "X-Stainless-Timeout": "10" }, 9_000],
];

for (const [title, headers, waits] of LIMITS) {
  test(title, async () => {
    await using scene = await occupied({ config: { queue: { background: { maxWaitMs: 30_000 } } } });
    using client = await waiter(scene.it, CHAT, chat(), headers);
    scene.clock.advance(waits - 1);
    assert.equal(scene.it.gate.waiting, 1);
    scene.clock.advance(1);
    await client.until(/^HTTP\/1\.1 429[^]*queue_timeout/);
  });
}

test("an SDK that hears heartbeats does not hang up, so its own limit does not end its wait", async () => {
  await using scene = await occupied();
  using client = await waiter(scene.it, CHAT, stream(), { "X-Stainless-Timeout": "60" });
  scene.clock.advance(120_000);
  assert.equal(scene.it.gate.waiting, 1);
  scene.go();
  await client.until(/data: \[DONE\]/);
});

test("without a limit of the gateway's, no header makes an error of a wait", async () => {
  for (const value of ["1e300", "99999999999", "2147483.647", "0.0001"]) {
    await using scene = await occupied();
    using client = await waiter(scene.it, CHAT, chat(), { "X-Headgate-Max-Wait": value });
    scene.go();
    await client.closed;
    assert.match(client.text, /^HTTP\/1\.1 200/, value);
  }
});

test("a full queue: equals are refused with 429, a person takes the place of the last waiter", async () => {
  await using scene = await occupied({ config: { queue: { maxWaiting: 2 } } });
  const { it } = scene;
  const first = it.post(CHAT, chat("first"));
  await it.waiting(1);
  const last = it.post(CHAT, chat("last"));
  await it.waiting(2);
  const full = await it.post(CHAT, chat("too many"));
  assert.match(full.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.deepEqual(await refusal(full).then(({ status, code }) => [status, code]), [429, "queue_full"]);
  const person = it.post(`/foreground${CHAT}`, chat("person"));
  assert.deepEqual(await refusal(await last).then(({ status, code }) => [status, code]), [429, "queue_full"]);
  scene.go();
  for (const answer of [first, person]) assert.equal((await answer).status, 200, await (await answer).text());
  assert.deepEqual(it.outcomes.slice(0, 2), ["queue_full", "displaced"]);
});

test("each class has its own bound, and the other one's is not touched by it", async () => {
  await using scene = await occupied({ config: { queue: { background: { maxWaiting: 1 } } } });
  const { it } = scene;
  const one = it.post(CHAT, chat());
  await it.waiting(1);
  const { code, message } = await refusal(await it.post(CHAT, chat()));
  assert.equal(code, "queue_full");
  assert.match(message, /queue\.background\.maxWaiting/);
  const people = [1, 2, 3].map(() => it.post(`/foreground${CHAT}`, chat()));
  await it.waiting(4);
  scene.go();
  for (const answer of [one, ...people]) assert.equal((await answer).status, 200, await (await answer).text());
  // The place is free again.
  assert.equal((await it.post(CHAT, chat())).status, 200);
});

test("a stock client retries after a refusal by itself, and is served", async () => {
  await using it = await startGateway({ clock: new ManualClock(), config: { queue: { maxWaiting: 1 } } });
  // On a clock that stands still it took no time, so that the client is told to come back as soon as may be.
  await (await it.post(CHAT, chat("first"))).text();
  it.server.pauseTokens();
  const others = [it.post(CHAT, chat("running"))];
  await it.server.when("started", ({ body, isWork }) => isWork && asked(body) === "running");
  others.push(it.post(CHAT, chat("waiting")));
  await it.waiting(1);
  const client = new OpenAI({ baseURL: `${it.url}/v1`, apiKey: "none", maxRetries: 1 });
  const answer = client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "again" }] });
  await it.over(2);
  assert.deepEqual(it.outcomes, ["finished", "queue_full"]);
  it.server.resumeTokens();
  assert.ok((await answer).choices[0]!.message.content);
  for (const other of others) await (await other).text();
});
