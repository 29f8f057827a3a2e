import assert from "node:assert/strict";
import { test } from "node:test";
import { gatedFetch } from "../../src/client/gated-fetch.ts";
import { Gate, Priority } from "../../src/gate/index.ts";
import { assertIdle, nextEvent, PermitLedger } from "../support/idle-gate.ts";
import { localServer, type IncomingMessage, type LocalServer, type ServerResponse } from "../support/local-server.ts";

interface Arrival {
  readonly body: string;
  readonly response: ServerResponse;
  /** Settles when the exchange is over: with whether the answer was finished. */
  readonly closed: Promise<boolean>;
}

/** A model server that answers when the test says so, and hands over each request as it arrives. */
class Model {
  readonly bodies: string[] = [];
  readonly #arrivals: Arrival[] = [];
  #await: ((arrival: Arrival) => void) | undefined;
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = new Promise<boolean>((resolve) => response.once("close", () => resolve(response.writableFinished)));
    let body = "";
    for await (const chunk of request) body += String(chunk);
    this.bodies.push(body);
    const arrival = { body, response, closed };
    if (this.#await === undefined) this.#arrivals.push(arrival);
    else this.#await(arrival);
    this.#await = undefined;
  };

  async next(): Promise<Arrival> {
    return this.#arrivals.shift() ?? new Promise((resolve) => (this.#await = resolve));
  }
}

async function modelServer(): Promise<{ model: Model; server: LocalServer }> {
  const model = new Model();
  return { model, server: await localServer(model.handle) };
}

test("a preemptible request is aborted for a sooner one, sent again after it, and answered as if nothing had been", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const background = gatedFetch(gate, { preemptible: true })(server.url, { method: "POST", body: "classify" });
  const first = await model.next();
  const foreground = gatedFetch(gate, { priority: Priority.FOREGROUND })(server.url, { method: "POST", body: "chat" });
  assert.equal(await first.closed, false);
  const second = await model.next();
  assert.equal(second.body, "chat");
  second.response.end("hello");
  assert.equal(await (await foreground).text(), "hello");
  const third = await model.next();
  assert.equal(third.body, "classify");
  third.response.end("spam");
  assert.equal(await (await background).text(), "spam");
  assert.deepEqual(model.bodies, ["classify", "chat", "classify"]);
  ledger.assertBalanced(2);
});

test("an answer that has begun is never touched", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const background = gatedFetch(gate, { preemptible: true })(server.url);
  const { response } = await model.next();
  response.write("to");
  const answer = await background;
  const asked = nextEvent(gate, "preempt");
  const foreground = gatedFetch(gate, { priority: Priority.FOREGROUND })(server.url);
  await asked;
  response.end("ken");
  assert.equal(await answer.text(), "token");
  const { response: next } = await model.next();
  next.end("chat");
  assert.equal(await (await foreground).text(), "chat");
  assertIdle(gate);
});

test("a request that stepped aside three times runs to its end", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const background = gatedFetch(gate, { preemptible: true })(server.url, { method: "POST", body: "background" });
  for (let round = 0; round < 3; round++) {
    const running = await model.next();
    assert.equal(running.body, "background");
    const foreground = gatedFetch(gate, { priority: 0 })(server.url, { method: "POST", body: "foreground" });
    assert.equal(await running.closed, false);
    const sooner = await model.next();
    sooner.response.end();
    await (await foreground).text();
  }
  const last = await model.next();
  const foreground = gatedFetch(gate, { priority: 0 })(server.url, { method: "POST", body: "foreground" });
  last.response.end("done at last");
  assert.equal(await (await background).text(), "done at last");
  (await model.next()).response.end();
  await (await foreground).text();
  assertIdle(gate);
});

test("a request that did not offer is not interrupted, nor one whose body can be sent only once", async () => {
  const once = async function* (): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("upload");
  };
  const stream = new Blob(["upload"]).stream();
  const requests: [boolean, string, RequestInit?][] = [
    [false, "/"],
    [true, "/", { method: "POST", body: stream, duplex: "half" }],
    [true, "/", { method: "POST", body: once(), duplex: "half" }],
  ];
  for (const [preemptible, path, init] of requests) {
    const gate = new Gate();
    const { model, server: opened } = await modelServer();
    await using server = opened;
    gate.on("preempt", () => assert.fail("asked to step aside"));
    const background = gatedFetch(gate, { preemptible })(`${server.url}${path}`, init);
    const running = await model.next();
    const foreground = gatedFetch(gate, { priority: Priority.FOREGROUND })(server.url);
    running.response.end("finished");
    assert.equal(await (await background).text(), "finished");
    (await model.next()).response.end();
    await (await foreground).text();
    assertIdle(gate);
  }
});

test("the caller's abort while its request stands aside rejects with the reason, and the request is not sent again", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const controller = new AbortController();
  const background = gatedFetch(gate, { preemptible: true })(server.url, { signal: controller.signal });
  await model.next();
  const parked = nextEvent(gate, "park");
  const foreground = gatedFetch(gate, { priority: Priority.FOREGROUND })(server.url);
  await parked;
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  await assert.rejects(background, (error) => error === reason);
  (await model.next()).response.end("chat");
  assert.equal(await (await foreground).text(), "chat");
  assert.equal(model.bodies.length, 2);
  assertIdle(gate);
});

test("the caller's abort right after its request was let in again rejects with the reason, and sends nothing", async () => {
  const gate = new Gate();
  let sent = 0;
  // Obeys its signal only while it waits, as a mock may.
  const fetch = (_: unknown, init?: RequestInit): Promise<Response> =>
    new Promise((_resolve, reject) => {
      sent++;
      init?.signal?.addEventListener("abort", () => reject(new Error("hung up")));
    });
  const controller = new AbortController();
  const background = gatedFetch(gate, { fetch, preemptible: true })("http://model/", { signal: controller.signal });
  await new Promise(setImmediate);
  const parked = nextEvent(gate, "park");
  const foreground = gate.acquire({ priority: Priority.FOREGROUND });
  await parked;
  (await foreground).release();
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  await assert.rejects(background, (error) => error === reason);
  assert.equal(sent, 1);
  assertIdle(gate);
});

test("the caller's abort together with the gate's request to step aside rejects with the caller's reason", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const controller = new AbortController();
  const background = gatedFetch(gate, { preemptible: true })(server.url, { signal: controller.signal });
  await model.next();
  const foreground = gatedFetch(gate, { priority: Priority.FOREGROUND })(server.url);
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  await assert.rejects(background, (error) => error === reason);
  (await model.next()).response.end("chat");
  assert.equal(await (await foreground).text(), "chat");
  assertIdle(gate);
});

test("the caller's abort reaches a preemptible request that runs, before and after its answer has begun", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const get = gatedFetch(gate, { preemptible: true });
  const early = new AbortController();
  const unanswered = get(server.url, { signal: early.signal });
  await model.next();
  early.abort();
  await assert.rejects(unanswered, { name: "AbortError" });
  const late = new AbortController();
  const answered = get(server.url, { signal: late.signal });
  (await model.next()).response.write("tok");
  const response = await answered;
  late.abort();
  await assert.rejects(response.text(), { name: "AbortError" });
  assertIdle(gate);
});

test("a failure of the server ends a preemptible request as it ends any other", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const background = gatedFetch(gate, { preemptible: true })(server.url);
  (await model.next()).response.destroy();
  await assert.rejects(background, { name: "TypeError", message: "fetch failed" });
  assertIdle(gate);
});

test("an answer that crosses with the request to step aside is dropped whole and asked for again", async () => {
  const gate = new Gate();
  const started = Promise.withResolvers<void>();
  const crossing = Promise.withResolvers<Response>();
  let sent = 0;
  let cancelled = 0;
  // Ignores its signal, as a fetch does that had its answer already.
  const fetch = (): Promise<Response> => {
    started.resolve();
    return sent++ === 0 ? crossing.promise : Promise.resolve(new Response(`answer ${sent}`));
  };
  const background = gatedFetch(gate, { fetch, preemptible: true })("http://model/");
  await started.promise;
  const foreground = gate.run(() => "chat", { priority: Priority.FOREGROUND });
  crossing.resolve(new Response(new ReadableStream({ cancel: () => void cancelled++ })));
  assert.equal(await foreground, "chat");
  assert.equal(await (await background).text(), "answer 2");
  assert.equal(cancelled, 1);
  assertIdle(gate);
});

test("a request that is asked to step aside before it was sent is not sent first", async () => {
  const gate = new Gate();
  let sent = 0;
  const fetch = async (): Promise<Response> => new Response(`answer ${++sent}`);
  const background = gatedFetch(gate, { fetch, preemptible: true })("http://model/");
  const foreground = gate.run(() => sent, { priority: Priority.FOREGROUND });
  assert.equal(await foreground, 0);
  assert.equal(await (await background).text(), "answer 1");
  assertIdle(gate);
});

test("a gate that closes while a request stands aside rejects it with code closed", async () => {
  const gate = new Gate();
  const { model, server: opened } = await modelServer();
  await using server = opened;
  const background = gatedFetch(gate, { preemptible: true })(server.url);
  await model.next();
  const parked = nextEvent(gate, "park");
  const permit = gate.acquire({ priority: Priority.FOREGROUND });
  await parked;
  gate.close();
  await assert.rejects(background, { name: "GateError", code: "closed", stage: "parked" });
  (await permit).release();
  assertIdle(gate);
});
