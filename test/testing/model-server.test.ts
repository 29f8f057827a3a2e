import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { startModelServer } from "../../src/testing/index.ts";
import { call, events, post, said, USER } from "./talk.ts";

const PATH = "/v1/chat/completions";
const STREAM = { messages: [USER], stream: true };

test("nothing is shown while tokens are paused, and exactly as many as are stepped", async () => {
  await using server = await startModelServer({ answer: { tokens: 12 } });
  server.pauseTokens();
  const answer = post(server, PATH, STREAM);
  await server.when("started");
  assert.equal(server.served[0]!.tokens, 0);
  await server.step();
  await server.step(4);
  assert.equal(server.served[0]!.tokens, 5);
  await server.step(100);
  const { text } = server.served[0]!;
  assert.equal(said(await (await answer).text()), text);
});

test("steps go to every request in a slot, or to one", async () => {
  await using server = await startModelServer({ slots: 2 });
  server.pauseTokens();
  const answers = [post(server, PATH, STREAM), post(server, PATH, STREAM)];
  await server.when("started", 2);
  await server.step(3);
  await server.step(2, 2);
  assert.deepEqual(
    server.served.map(({ tokens }) => tokens),
    [3, 5],
  );
  server.resumeTokens();
  for (const answer of answers) await (await answer).text();
});

test("a step without a request to take it is an error", async () => {
  await using server = await startModelServer();
  await assert.rejects(server.step(), /nothing to step/);
});

test("requests beyond the slots wait in order of arrival, and count as too many", async () => {
  await using server = await startModelServer();
  server.pauseTokens();
  const answers = [post(server, PATH, STREAM)];
  await server.when("started", 1);
  for (const id of [2, 3]) {
    answers.push(post(server, PATH, STREAM));
    await server.when("queued", id);
  }
  server.resumeTokens();
  for (const answer of answers) await (await answer).text();
  assert.deepEqual(
    server.served.map(({ at }) => at.started! >= at.received!),
    [true, true, true],
  );
  const { served } = server;
  assert.ok(served[0]!.at.freed! <= served[1]!.at.started! && served[1]!.at.freed! <= served[2]!.at.started!);
  await server.close();
  assert.equal(server.maxLive, 3);
  assert.deepEqual(
    server.overCapacity.map(({ request, live, capacity }) => [request.id, live.length, capacity]),
    [
      [2, 2, 1],
      [3, 3, 1],
    ],
  );
});

test("a strict server fails to close after an excess, and says who it was", async () => {
  const server = await startModelServer({ strict: true });
  server.pauseTokens();
  const first = post(server, PATH, STREAM);
  await server.when("started", 1);
  const second = post(server, "/v1/embeddings", { input: "x" });
  await server.when("queued", 2);
  server.resumeTokens();
  await (await first).text();
  await (await second).text();
  await assert.rejects(
    server.close(),
    /more requests were live than the 1 slots .* once; first request 2 \(POST \/v1\/embeddings\) beside 1/,
  );
});

test("who hangs up and at once sends another request is not too many", async () => {
  await using server = await startModelServer({ strict: true });
  server.pauseTokens();
  for (let id = 1; id < 60; id += 2) {
    const victim = call(server, PATH, STREAM);
    await server.when("started", id);
    await server.step(2, id);
    victim.hangUp();
    const next = call(server, PATH, STREAM);
    await server.when("started", id + 1);
    next.hangUp();
    await server.when("freed", id + 1);
  }
  assert.equal(server.maxLive, 1);
});

test("the record holds what came in, as it came in", async () => {
  await using server = await startModelServer();
  const body = '{"messages":[{"role":"user","content":"1e400 \\u00e9"}],  "n":1, "unknown": 12345678901234567890}';
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  const head = `POST ${PATH}?a=b HTTP/1.1\r\nHost: here\r\nX-OdD-cAsE: 1\r\nx-odd-case: 2\r\nConnection: close\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.resume();
  await once(socket, "close");
  const [record] = server.served;
  assert.equal(record!.body.toString(), body);
  assert.equal(record!.url, `${PATH}?a=b`);
  assert.deepEqual(record!.rawHeaders.slice(2, 6), ["X-OdD-cAsE", "1", "x-odd-case", "2"]);
  assert.equal(record!.headers["x-odd-case"], "2");
  assert.equal(record!.dialect, "openai-chat");
  const { received, started, ended } = record!.at;
  assert.ok(received! <= started! && started! <= ended!);
});

test("half a request is incomplete, and never wanted a slot", async () => {
  await using server = await startModelServer();
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n`);
  // It has the head, and asks for the rest.
  await once(socket, "data");
  socket.end('{"mess');
  const { outcome, isWork } = await server.when("hung-up", 1);
  assert.deepEqual([outcome, isWork], ["incomplete", false]);
});

test("a stage can be awaited before and after it was reached, of one request or of any", async () => {
  await using server = await startModelServer();
  const early = server.when("ended", ({ url }) => url === "/v1/embeddings");
  await (await post(server, PATH, STREAM)).text();
  await (await post(server, "/v1/embeddings", { input: "x" })).text();
  assert.equal((await early).id, 2);
  assert.equal((await server.when("ended")).id, 1);
  const never = server.when("started", 9);
  const failed = assert.rejects(never, /closed before request 9 was started/);
  await server.close();
  await failed;
});

test("only the newest records are kept where few are to be remembered", async () => {
  await using server = await startModelServer({ remember: 3 });
  for (let index = 0; index < 20; index++) await (await post(server, PATH, STREAM)).text();
  assert.ok(server.served.length >= 3 && server.served.length <= 6);
  assert.equal(server.served.at(-1)!.id, 20);
});

test("answers can be told what to say, by request", async () => {
  await using server = await startModelServer({
    answer: { text: (ask) => (ask.model === "parrot" ? "Hello STOP, 東京!" : undefined) },
  });
  const say = async (body: object): Promise<string> =>
    said(await (await post(server, PATH, { ...STREAM, ...body })).text());
  assert.equal(await say({ model: "parrot" }), "Hello STOP, 東京!");
  assert.equal(await say({ model: "parrot", stop: "STOP" }), "Hello ");
  assert.notEqual(await say({}), "Hello STOP, 東京!");
});

test("a wrong option is refused at once, by name", () => {
  assert.throws(() => startModelServer({ slots: 0 }), { name: "RangeError", message: /^slots must be .*, not 0$/ });
  assert.throws(() => startModelServer({ timing: { decodeMsPerToken: -1 } }), /timing\.decodeMsPerToken/);
});

test("a server without a bound takes everybody at once", async () => {
  await using server = await startModelServer({ slots: Infinity, strict: true });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => post(server, PATH, STREAM).then((answer) => answer.text())),
  );
  assert.ok(answers.every((text) => events(text).at(-1) === "[DONE]"));
});
