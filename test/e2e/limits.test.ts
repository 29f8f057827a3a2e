import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { collectGarbage } from "../support/garbage.ts";
import { localServer } from "../support/local-server.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startGateway } from "../support/gateway.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { CHAT, chat, refusal } from "./talk.ts";

const MB = 1024 * 1024;

/** A chat request of exactly so many bytes. */
function chatOf(bytes: number): string {
  const empty = JSON.stringify(chat(""));
  return JSON.stringify(chat("x".repeat(bytes - empty.length)));
}

/** Another temporary folder for one test. */
async function temporaryFolder(context: TestContext, path?: string): Promise<string> {
  const before = process.env["TMPDIR"];
  const own = path ?? (await mkdtemp(join(tmpdir(), "headgate-test-")));
  process.env["TMPDIR"] = own;
  context.after(async () => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    if (path === undefined) await rm(own, { recursive: true, force: true });
  });
  return own;
}

test("a body at the limit is served, one byte more is a 413 that names the setting", async () => {
  await using it = await startGateway({ config: { limits: { bodyBytes: 10_000 } } });
  const answer = await it.post(CHAT, chatOf(10_000));
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(it.server.served.at(-1)!.bodyBytes, 10_000);
  const { status, code, message } = await refusal(await it.post(CHAT, chatOf(10_001)));
  assert.deepEqual([status, code], [413, "body_too_large"]);
  assert.match(message, /limits\.bodyBytes/);
  assert.equal(it.server.served.at(-1)!.bodyBytes, 10_000);
});

test("a declared length over the limit is refused before a byte of the body is sent", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({ clock });
  using client = await RawClient.connect(it.port);
  client.write(postBytes(CHAT, "", { "Content-Length": String(1e12) }));
  await client.until(/HTTP\/1\.1 413[^]*body_too_large/);
  await it.over(1);
  // For a while it may go on sending, to come to reading this; not for ever.
  clock.advance(4_999);
  client.write("x".repeat(1000));
  clock.advance(1);
  await client.closed;
});

test("a chunked body over the limit is refused as soon as it is over, and its connection ends", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({ clock, config: { limits: { bodyBytes: 1000 } } });
  using client = await RawClient.connect(it.port);
  const chunk = `${(600).toString(16)}\r\n${"x".repeat(600)}\r\n`;
  client.write(`POST ${CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
  client.write(chunk);
  await client.until(/HTTP\/1\.1 413[^]*body_too_large/);
  await it.over(1);
  clock.advance(5_000);
  await client.closed;
});

test("a client that sends on and on is answered 413 and sees it, whatever it still sends", async () => {
  await using it = await startGateway({ config: { limits: { bodyBytes: MB } } });
  const { status, code } = await refusal(await it.post(CHAT, "x".repeat(20 * MB)));
  assert.deepEqual([status, code], [413, "body_too_large"]);
  assert.equal((await it.post(CHAT, chat())).status, 200);
});

test("a chunked body arrives whole, with a length", async () => {
  await using it = await startGateway({ server: { engine: "mlx-lm" } });
  using client = await RawClient.connect(it.port);
  const body = JSON.stringify(chat("in pieces", { model: it.server.model, stream: true }));
  client.write(`POST ${CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (const byte of body) client.write(`1\r\n${byte}\r\n`);
  client.write("0\r\n\r\n");
  await client.until(/HTTP\/1\.1 200[^]*"choices"/);
  const record = it.server.served.at(-1)!;
  assert.equal(record.body.toString(), body);
  assert.equal(record.headers["content-length"], String(body.length));
});

test("a body longer than its length does not become another request of somebody's choice", async () => {
  await using it = await startGateway();
  using client = await RawClient.connect(it.port);
  const body = JSON.stringify(chat());
  client.write(`${postBytes(CHAT, body)}xyz not a request\r\n\r\n`);
  await client.until(/HTTP\/1\.1 400/);
  await client.closed;
  await it.over(1);
  assert.equal(it.server.served.filter(({ isWork }) => isWork).length, it.outcomes.includes("finished") ? 1 : 0);
});

test("both a length and chunks: refused, as a smuggled request could hide there", async () => {
  await using it = await startGateway();
  using client = await RawClient.connect(it.port);
  client.write(
    `POST ${CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  await client.until(/HTTP\/1\.1 400/);
  await client.closed;
});

test("bodies beyond the budget wait on disk, arrive intact, and leave no file", async (context) => {
  const folder = await temporaryFolder(context);
  {
    await using it = await startGateway({ config: { limits: { queuedBodyBytes: 1000 } } });
    it.server.pauseTokens();
    const small = it.post(CHAT, chat("small"));
    await it.server.when("started");
    const bodies = Array.from({ length: 20 }, (_, n) => chatOf(50_000 + n));
    const answers = bodies.map((body) => it.post(CHAT, body));
    await it.waiting(20);
    const [spool] = await readdir(folder);
    assert.equal((await readdir(join(folder, spool!))).length, 20);
    assert.ok(it.gateway.bodies.usedBytes <= 1000);
    it.server.resumeTokens();
    for (const answer of [small, ...answers]) assert.equal((await answer).status, 200, await (await answer).text());
    const received = it.server.served.filter(({ isWork }) => isWork).map(({ body }) => body.toString());
    assert.deepEqual(received.slice(1).toSorted(), bodies.toSorted());
  }
  assert.deepEqual(await readdir(folder), []);
});

test("bodies on disk are not in memory as well", async (context) => {
  await temporaryFolder(context);
  await using it = await startGateway({ config: { limits: { queuedBodyBytes: 1000 } } });
  it.server.pauseTokens();
  const small = it.post(CHAT, chat("small"));
  await it.server.when("started");
  await collectGarbage(3);
  const before = process.memoryUsage().arrayBuffers;
  const clients: RawClient[] = [];
  const body = chatOf(2 * MB);
  for (let n = 0; n < 20; n++) {
    const client = await RawClient.connect(it.port);
    clients.push(client);
    client.write(postBytes(CHAT, body));
    await it.waiting(n + 1);
  }
  await collectGarbage(5);
  const kept = process.memoryUsage().arrayBuffers - before;
  for (const client of clients) client.reset();
  await it.waiting(0);
  it.server.resumeTokens();
  await (await small).text();
  assert.ok(kept < 10 * MB, `${Math.round(kept / MB)} MB are kept for 20 bodies of 2 MB on disk`);
});

test("a disk that takes no bodies: those that do not fit are refused with the reason, and nothing else is lost", async (context) => {
  const folder = await temporaryFolder(context);
  await temporaryFolder(context, join(folder, "missing"));
  await using it = await startGateway({ config: { limits: { queuedBodyBytes: 1000 } } });
  it.server.pauseTokens();
  const running = it.post(CHAT, chat("running"));
  await it.server.when("started");
  const fits = it.post(CHAT, chat("fits"));
  await it.waiting(1);
  const answer = await it.post(CHAT, chatOf(50_000));
  assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  const { status, code, message } = await refusal(answer);
  assert.deepEqual([status, code], [503, "queue_storage_failed"]);
  assert.match(message, /TMPDIR|queuedBodyBytes/);
  it.server.resumeTokens();
  for (const one of [running, fits]) assert.equal((await one).status, 200, await (await one).text());
  // Once the disk has room again, it is used again.
  process.env["TMPDIR"] = folder;
  assert.equal((await it.post(CHAT, chatOf(50_000))).status, 200);
});

test("an upload of 200 MB passes as it comes, with memory bounded", async () => {
  await using it = await startGateway({ server: { engine: "ollama" } });
  const piece = randomBytes(MB);
  await collectGarbage(2);
  const before = process.memoryUsage().rss;
  let most = 0;
  const upload = httpRequest(`${it.url}/api/blobs/sha256:0`, {
    method: "POST",
    headers: { "content-length": String(200 * MB) },
  });
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>();
  upload.on("response", (response) => {
    response.resume();
    response.on("end", () => resolve(response.statusCode));
  });
  Readable.from(
    (function* pieces() {
      for (let n = 0; n < 200; n++) {
        most = Math.max(most, process.memoryUsage().rss);
        yield piece;
      }
    })(),
  ).pipe(upload);
  assert.equal(await status, 201);
  assert.equal(it.server.served.at(-1)!.bodyBytes, 200 * MB);
  assert.ok(most - before < 100 * MB, `${Math.round((most - before) / MB)} MB more`);
});

test("what a server answers before it has read the whole upload reaches the client", async () => {
  await using server = await localServer((request, response) => {
    if (request.method !== "POST") return void response.writeHead(404).end();
    response.writeHead(409, { "content-type": "application/json" }).end('{"error":"already there"}');
  });
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  using client = await RawClient.connect(it.port);
  client.write(postBytes("/api/blobs/sha256:0", "", { "Content-Length": String(100 * MB) }));
  client.write("x".repeat(100_000));
  await client.until(/HTTP\/1\.1 409[^]*already there/);
});

test("a download passes byte for byte, without being kept", async () => {
  const bytes = randomBytes(3 * MB);
  await using server = await localServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes.length }).end(bytes);
  });
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const answer = await it.get("/files/some.bin");
  const received = Buffer.from(await answer.arrayBuffer());
  assert.equal(createHash("sha256").update(received).digest("hex"), createHash("sha256").update(bytes).digest("hex"));
  assert.equal(answer.headers.get("content-length"), String(bytes.length));
});

test("a head that is sent drop by drop is cut off when its time is up", async () => {
  await using it = await startGateway({ config: { limits: { headersTimeoutMs: 200 } } });
  using client = await RawClient.connect(it.port);
  const drops = setInterval(() => client.write("X-Drop: 1\r\n"), 20);
  client.write(`POST ${CHAT} HTTP/1.1\r\n`);
  await client.closed;
  clearInterval(drops);
  assert.match(client.text, /^(?:HTTP\/1\.1 408[^]*)?$/);
  assert.equal((await it.post(CHAT, chat())).status, 200);
});

test("headers without end are refused with 431", async () => {
  await using it = await startGateway();
  using client = await RawClient.connect(it.port);
  client.write(`POST ${CHAT} HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(100_000)}`);
  await client.until(/HTTP\/1\.1 431/);
  await client.closed;
});

test("a body that stops coming is given up after a minute of silence, and its connection ends", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({ clock });
  using client = await RawClient.connect(it.port);
  const whole = postBytes(CHAT, chatOf(100_000));
  const received = async (bytes: number): Promise<void> => {
    client.write(whole.slice(bytes - 30_000, bytes));
    // A request of somebody else's comes later, so what was sent before has been read.
    for (let n = 0; n < 3; n++) await (await it.get("/health")).text();
  };
  await received(30_000);
  clock.advance(59_999);
  await received(60_000);
  clock.advance(59_999);
  assert.equal(it.ended.length, 0);
  clock.advance(1);
  await client.until(/HTTP\/1\.1 408[^]*body_stalled/);
  await it.over(1);
  clock.advance(5_000);
  await client.closed;
});
