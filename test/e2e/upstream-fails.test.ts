import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import OpenAI from "openai";
import type { Fault } from "../../src/testing/index.ts";
import { localServer } from "../support/local-server.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { CHAT, chat, refusal, stream, USER } from "./talk.ts";

/** What a client saw of an answer. */
interface Seen {
  readonly status: number | undefined;
  readonly text: string;
  /** The connection broke before the answer was complete. */
  readonly broken: boolean;
}

async function reading(answer: Promise<Response>): Promise<Seen> {
  let status: number | undefined;
  let text = "";
  try {
    const response = await answer;
    status = response.status;
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
    return { status, text, broken: false };
  } catch {
    return { status, text, broken: true };
  }
}

function code({ text }: Seen): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}

async function answersAgain(it: GatewayUnderTest): Promise<void> {
  const body = stream(USER.content, { model: it.server.model });
  assert.match((await reading(it.post(CHAT, body))).text, /\[DONE\]\n\n$/);
}

/** Every error of OpenAI's form that a stream told in-band. */
function inBand(text: string): string[] {
  return text
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: {"))
    .map((frame) => JSON.parse(frame.slice("data: ".length)) as { error?: { message: string } })
    .flatMap(({ error }) => (error === undefined ? [] : [error.message]));
}

interface Failure {
  readonly title: string;
  readonly fault: Fault;
  readonly stream: (seen: Seen) => void;
  readonly whole: (seen: Seen) => void;
}

const refused = (status: number, wanted: string) => (seen: Seen) => {
  assert.equal(seen.status, status);
  assert.equal(code(seen), wanted);
};
const inBandError = (seen: Seen): void => {
  assert.equal(seen.status, 200);
  assert.equal(seen.broken, false);
  assert.equal(inBand(seen.text).length, 1, seen.text);
  assert.doesNotMatch(seen.text, /\[DONE\]/);
};
const unusable = (seen: Seen): void => {
  if (seen.status === 200) assert.ok(seen.broken, "half an answer must not pass for a whole one");
  else refused(502, "upstream_failed")(seen);
};

const FAILURES: readonly Failure[] = [
  {
    title: "bytes that are no HTTP are a 502",
    fault: { kind: "garbage" },
    stream: refused(502, "upstream_failed"),
    whole: refused(502, "upstream_failed"),
  },
  {
    title: "a 4xx of the server's own reaches the client as it is",
    fault: { kind: "status", status: 422, body: '{"odd":  1e400}', headers: { "x-their-own": "yes" } },
    stream: (seen) => assert.deepEqual([seen.status, seen.text], [422, '{"odd":  1e400}']),
    whole: (seen) => assert.deepEqual([seen.status, seen.text], [422, '{"odd":  1e400}']),
  },
  {
    title: "a 5xx of the server's own reaches the client as it is",
    fault: { kind: "status", status: 500, body: "<h1>oh</h1>" },
    stream: (seen) => assert.deepEqual([seen.status, seen.text], [500, "<h1>oh</h1>"]),
    whole: (seen) => assert.deepEqual([seen.status, seen.text], [500, "<h1>oh</h1>"]),
  },
  {
    title: "a reset in mid-answer is told in-band",
    fault: { kind: "reset", afterTokens: 2 },
    stream: inBandError,
    // A whole answer has no byte yet: the reset looks like that of a stale connection, and the request is sent once more.
    whole: (seen) => assert.ok(seen.status === 200 ? !seen.broken : seen.status === 502),
  },
  {
    title: "a connection cut in mid-answer is told in-band",
    fault: { kind: "cut", afterTokens: 2 },
    stream: inBandError,
    whole: unusable,
  },
  {
    title: "an answer that ends early in good order is told in-band",
    fault: { kind: "short", afterTokens: 2 },
    stream: inBandError,
    whole: unusable,
  },
  {
    title: "an error inside a 200 reaches the client once",
    fault: { kind: "error-inside", afterTokens: 2, message: "CUDA out of memory" },
    stream(seen) {
      assert.equal(seen.status, 200);
      // Whatever the server says after it is its own. mlx_lm says nothing at all and hangs up: then Headgate says so.
      const errors = inBand(seen.text);
      assert.equal(errors.length, 1, seen.text);
      assert.match(errors[0]!, /^CUDA out of memory$|ended before it was finished$/);
    },
    whole: (seen) => assert.match(seen.text, /CUDA out of memory|ended before it was finished/),
  },
  {
    title: "a frame that is no JSON is no finish",
    fault: { kind: "garbage-inside", afterTokens: 2 },
    stream(seen) {
      assert.match(seen.text, /"error"/);
      assert.doesNotMatch(seen.text, /\[DONE\]/);
    },
    whole: unusable,
  },
];

// mlx_lm speaks HTTP/1.0: its streams end where the connection does, so only their content tells a cut from an end.
for (const engine of ["llama-server", "plain", "ollama", "mlx-lm"] as const) {
  describe(`when ${engine} fails`, () => {
    for (const { title, fault, ...sees } of FAILURES) {
      test(`${title}; the permit is back and the next request is answered`, async () => {
        await using it = await startGateway({ server: { engine } });
        const { model } = it.server;
        for (const form of ["stream", "whole"] as const) {
          it.server.fail(fault);
          sees[form](await reading(it.post(CHAT, chat(USER.content, { model, stream: form === "stream" }))));
          await answersAgain(it);
        }
      });
    }
  });
}

test("a server that refuses connections: 503 with Retry-After, in words, until it is back", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  await it.server.goDown();
  for (let n = 0; n < 3; n++) {
    const answer = await it.post(CHAT, chat());
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    const { status, code: said, message } = await refusal(answer);
    assert.deepEqual([status, said], [503, "upstream_unreachable"]);
    assert.match(message, /is it running|keeps asking/);
  }
  await it.server.comeBack();
  await Promise.all(it.gateway.upstreams.all.map((upstream) => upstream.refresh()));
  await answersAgain(it);
});

test("nobody behind the gateway: 503 that says what to start", async () => {
  await using it = await startGateway({ server: null });
  const { status, message } = await refusal(await it.post(CHAT, chat()));
  assert.equal(status, 503);
  assert.match(message, /--upstream/);
});

test("a server that closes a fresh connection without a word is a 502", async () => {
  await using it = await startGateway();
  it.server.fail({ kind: "close" });
  refused(502, "upstream_failed")(await reading(it.post(CHAT, chat())));
  await answersAgain(it);
});

test("a server that closes a used connection without a word is asked once more, and only once", async () => {
  await using it = await startGateway();
  await answersAgain(it);
  it.server.fail({ kind: "close" });
  await answersAgain(it);
  it.server.fail({ kind: "close" }, { times: 2 });
  refused(502, "upstream_failed")(await reading(it.post(CHAT, stream())));
  await answersAgain(it);
});

for (const [how, end] of [
  ["closes", (socket: Socket) => socket.destroy()],
  ["resets", (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`a server that ${how} a used connection as the next request comes is asked again on a new one`, async () => {
    const connections: Socket[] = [];
    await using server = await localServer((request, response) => {
      const used = connections.includes(request.socket);
      if (request.method === "POST") connections.push(request.socket);
      if (request.method !== "POST") response.writeHead(404).end();
      else if (used) end(request.socket);
      else response.end(JSON.stringify({ choices: [{ message: { content: "yes" }, finish_reason: "stop" }] }));
    });
    await using it = await startGateway({ server: null });
    await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
    for (let n = 0; n < 4; n++) assert.equal((await reading(it.post(CHAT, chat()))).status, 200);
    assert.equal(new Set(connections).size, 4);
    assert.equal(connections.length, 7);
  });
}

test("a silent server holds the permit until its client gives up; the next one is served", async () => {
  await using it = await startGateway();
  it.server.fail({ kind: "silent" });
  const client = new AbortController();
  const silent = it.post(CHAT, chat(), { signal: client.signal });
  await it.server.when("received", ({ url }) => url === CHAT);
  const next = it.post(CHAT, stream());
  await it.waiting(1);
  client.abort();
  await assert.rejects(silent, { name: "AbortError" });
  assert.match((await reading(next)).text, /\[DONE\]/);
});

test("slow headers are waited for, and a streaming client gets its head with them", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({ server: { clock } });
  it.server.fail({ kind: "slow-headers", afterMs: 600_000 });
  const answer = reading(it.post(CHAT, stream()));
  await it.server.when("received", ({ url }) => url === CHAT);
  clock.advance(600_000);
  assert.match((await answer).text, /\[DONE\]/);
});

test("a server that keeps working after an abort gets nothing more until its slot is free, if it says so", async () => {
  await using it = await startGateway({
    server: { engine: "llama-server", slots: 2 },
    config: { queue: { beside: "share" } },
  });
  it.server.fail({ kind: "hang-after-abort" });
  it.server.pauseTokens();
  const client = new AbortController();
  const gone = it.post(CHAT, stream("gone"), { signal: client.signal });
  const { id } = await it.server.when("started");
  await it.server.step(1, id);
  await (await gone).body!.getReader().read();
  client.abort();
  await it.server.when("hung-up", id);
  // Aborted requests no longer count as live: the next ones may run, and the server never has more live than slots.
  const next = [it.post(CHAT, stream("one")), it.post(CHAT, stream("two"))];
  it.server.resumeTokens();
  for (const answer of next) assert.match((await reading(answer)).text, /\[DONE\]/);
});

test("a model that still loads: the server's own 503 reaches the client, which is told when to ask again", async () => {
  await using it = await startGateway({ server: { engine: "llama-server", loading: true } });
  assert.equal(it.gateway.upstreams.all[0]!.health, "loading");
  const answer = await it.post(CHAT, chat());
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /Loading model/i);
  assert.deepEqual([answer.headers.get("retry-after"), answer.headers.get("x-should-retry")], ["5", "true"]);
  it.server.loading = false;
  const client = new OpenAI({ baseURL: `${it.url}/v1`, apiKey: "none", maxRetries: 0 });
  const { choices } = await client.chat.completions.create({
    model: "m",
    messages: [USER as { role: "user"; content: string }],
  });
  assert.ok(choices[0]!.message.content);
});

test("a 503 that says itself when to ask again is left as it is", async () => {
  await using it = await startGateway();
  it.server.fail({ kind: "status", status: 503, body: "{}", headers: { "retry-after": "31" } });
  const answer = await it.post(CHAT, chat());
  await answer.text();
  assert.deepEqual([answer.headers.get("retry-after"), answer.headers.get("x-should-retry")], ["31", null]);
});

test("a restart while requests wait: every one of them is answered, and those that come after it are served", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  it.server.pauseTokens();
  const running = reading(it.post(CHAT, stream("running")));
  await it.server.when("started");
  const waiting = Array.from({ length: 50 }, (_, n) => reading(it.post(CHAT, chat(`waiting ${n}`))));
  await it.waiting(50);
  await it.server.goDown();
  it.server.resumeTokens();
  const seen = await Promise.all(waiting);
  for (const one of seen) assert.deepEqual([one.status, code(one)], [503, "upstream_unreachable"]);
  await running;
  await it.server.comeBack();
  await Promise.all(it.gateway.upstreams.all.map((upstream) => upstream.refresh()));
  await answersAgain(it);
});

const WHOLE = { choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason: "stop" }] };
const FRAMES =
  'data: {"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":null}]}\n\n' +
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

test("a server that streams when it was not asked to, or does not when it was, has its answer passed on", async () => {
  await using server = await localServer((request, response) => {
    if (request.url === `${CHAT}?streams`) response.setHeader("content-type", "text/event-stream").end(FRAMES);
    else if (request.url === CHAT) response.setHeader("content-type", "application/json").end(JSON.stringify(WHOLE));
    else response.writeHead(404).end();
  });
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const streamed = await reading(it.post(`${CHAT}?streams`, chat()));
  assert.deepEqual(streamed, { status: 200, text: FRAMES, broken: false });
  const whole = await reading(it.post(CHAT, stream()));
  assert.deepEqual(whole, { status: 200, text: JSON.stringify(WHOLE), broken: false });
  assert.deepEqual(it.outcomes, ["finished", "finished"]);
});

test("a compressed body cannot be read, so it waits by its headers alone and passes as it is", async () => {
  await using it = await startGateway({ server: { engine: "ollama" } });
  const headers = { "content-encoding": "gzip", "x-priority": "foreground" };
  const body = gzipSync(JSON.stringify(chat()));
  const answer = await it.post(CHAT, body, { headers });
  await answer.text();
  const seen = it.server.served.at(-1)!;
  assert.deepEqual(seen.body, body);
  assert.equal(seen.headers["content-encoding"], "gzip");
  assert.deepEqual([it.ended[0]!.priority, it.ended[0]!.gate], [0, "local"]);
});

const BODY = JSON.stringify(WHOLE);
const LENGTH = `Content-Length: ${BODY.length}\r\n\r\n`;

const MALFORMED: readonly [title: string, answer: string, status: number][] = [
  ["a reason phrase that cannot be sent on", `HTTP/1.1 200 Gr\u00fcn \u2713\r\n${LENGTH}${BODY}`, 200],
  ["header bytes beyond ASCII", `HTTP/1.1 200 OK\r\nX-A: Gr\u00fcn \u2713\r\n${LENGTH}${BODY}`, 200],
  ["a status of its own", `HTTP/1.1 999 Odd\r\n${LENGTH}${BODY}`, 999],
  ["no content", "HTTP/1.1 204 No Content\r\n\r\n", 204],
  ["bytes after the answer", `HTTP/1.1 200 OK\r\n${LENGTH}${BODY}HTTP/1.1 200 OK\r\n\r\n`, 200],
  [
    "a trailer",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\nX: 1\r\n\r\n`,
    200,
  ],
  ["a control character in a header", `HTTP/1.1 200 OK\r\nX-A: \u0001\r\n${LENGTH}${BODY}`, 502],
  ["a header without end", `HTTP/1.1 200 OK\r\nX-A: ${"x".repeat(100_000)}\r\n${LENGTH}${BODY}`, 502],
  ["two lengths", `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${LENGTH}${BODY}`, 502],
  ["a length that is no number", `HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n${BODY}`, 502],
  ["an upgrade that nobody asked for", "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 502],
];

for (const [title, answer, status] of MALFORMED) {
  test(`${title}: an answer of ${status}, and nothing is left of the request`, async () => {
    await using server = await rawServer(answer);
    await using it = await startGateway({ server: null });
    await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
    const seen = await reading(it.post(CHAT, chat()));
    assert.deepEqual([seen.status, seen.broken], [status, false], seen.text);
    if (status === 200) assert.equal(seen.text, BODY);
    if (status === 502) refused(502, "upstream_failed")(seen);
  });
}

/** Answers a POST with these bytes and hangs up. */
async function rawServer(answer: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => socket.end(data.toString().startsWith("POST") ? answer : "HTTP/1.1 404 No\r\n\r\n"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
