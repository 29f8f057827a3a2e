import assert from "node:assert/strict";
import { test } from "node:test";
import { gatedFetch } from "../../src/client/gated-fetch.ts";
import { Gate } from "../../src/gate/index.ts";
import { assertIdle, PermitLedger, untilIdle } from "../support/idle-gate.ts";
import { localServer, type LocalServer } from "../support/local-server.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Sends a first chunk and then whatever the path says. */
const misbehaving = (): Promise<LocalServer> =>
  localServer((request, response) => {
    if (request.url === "/reset-at-once") return void request.socket.resetAndDestroy();
    response.writeHead(200, { "content-length": "100" }).write("some");
    if (request.url === "/reset") setImmediate(() => request.socket.resetAndDestroy());
    if (request.url === "/cut") setImmediate(() => request.socket.end());
  });

test("a server that resets before it answers: rejects as fetch does, and releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await using server = await misbehaving();
  await assert.rejects(gatedFetch(gate)(`${server.url}/reset-at-once`), { name: "TypeError", message: "fetch failed" });
  ledger.assertBalanced(1);
});

test("a port where nobody listens: rejects as fetch does, and releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  const gone = await misbehaving();
  await gone[Symbol.asyncDispose]();
  await assert.rejects(gatedFetch(gate)(gone.url), { name: "TypeError", message: "fetch failed" });
  ledger.assertBalanced(1);
});

for (const end of ["reset", "cut"]) {
  test(`a body that ends in a ${end} fails for its reader, and releases`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await misbehaving();
    const response = await gatedFetch(gate)(`${server.url}/${end}`);
    await assert.rejects(response.text(), { name: "TypeError", message: "terminated" });
    ledger.assertBalanced(1);
  });

  test(`a body that ends in a ${end} releases even when nobody reads it`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await misbehaving();
    await gatedFetch(gate)(`${server.url}/${end}`);
    await untilIdle(gate);
    ledger.assertBalanced(1);
  });
}

test("an abort in the middle of a body fails for its reader with the reason, and releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await using server = await misbehaving();
  const controller = new AbortController();
  const reason = new Error("user left");
  const response = await gatedFetch(gate)(`${server.url}/hang`, { signal: controller.signal });
  const reader = response.body!.getReader();
  await reader.read();
  const next = reader.read();
  controller.abort(reason);
  await assert.rejects(next, (error) => error === reason);
  ledger.assertBalanced(1);
});

test("an abort in the middle of a body that nobody reads releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await using server = await misbehaving();
  const controller = new AbortController();
  await gatedFetch(gate)(`${server.url}/hang`, { signal: controller.signal });
  controller.abort();
  await untilIdle(gate);
  ledger.assertBalanced(1);
});

const viaInit = (url: string, signal: AbortSignal): Parameters<typeof fetch> => [url, { signal }];
const viaRequest = (url: string, signal: AbortSignal): Parameters<typeof fetch> => [new Request(url, { signal })];

for (const [where, call] of [
  ["init", viaInit],
  ["the Request", viaRequest],
] as const) {
  test(`the signal of ${where} ends the wait with its own reason, and nothing is sent`, async () => {
    const gate = new Gate();
    let sent = 0;
    await using server = await localServer((_, response) => (sent++, response.end()));
    const blocker = await gate.acquire();
    const controller = new AbortController();
    const reason = { not: "even an Error" };
    const pending = gatedFetch(gate)(...call(server.url, controller.signal));
    assert.equal(gate.waiting, 1);
    controller.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
    blocker.release();
    assert.equal(sent, 0);
    assertIdle(gate);
  });
}

test("a signal that was aborted before rejects with its reason, takes no permit and sends nothing", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  let sent = 0;
  const get = gatedFetch(gate, { fetch: async () => (sent++, new Response(null)) });
  await assert.rejects(get("http://model/", { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(sent, 0);
  ledger.assertBalanced(0);
});

test("an abort between the grant and the request sends nothing, and releases", async () => {
  const gate = new Gate();
  let sent = 0;
  const get = gatedFetch(gate, { fetch: async () => (sent++, new Response(null)) });
  const controller = new AbortController();
  const blocker = await gate.acquire();
  const pending = get("http://model/", { signal: controller.signal });
  blocker.release();
  controller.abort();
  await assert.rejects(pending, { name: "AbortError" });
  assert.equal(sent, 0);
  assertIdle(gate);
});

test("a null signal in init takes the Request's own out of the wait, as in fetch", async () => {
  const gate = new Gate();
  const aborted = new Request("http://model/", { signal: AbortSignal.abort() });
  const response = await gatedFetch(gate, { fetch: async () => new Response("x") })(aborted, { signal: null });
  assert.equal(await response.text(), "x");
  assertIdle(gate);
});

test("an underlying fetch that throws synchronously releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  const failure = new Error("no network stack");
  const broken = (): never => {
    throw failure;
  };
  await assert.rejects(gatedFetch(gate, { fetch: broken })("http://model/"), (error) => error === failure);
  ledger.assertBalanced(1);
});

test("an underlying fetch whose body cannot be read releases", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  const locked = async (): Promise<Response> => {
    const response = new Response("x");
    response.body?.getReader();
    return response;
  };
  await assert.rejects(gatedFetch(gate, { fetch: locked })("http://model/"), TypeError);
  ledger.assertBalanced(1);
});

test("arguments that fetch refuses release", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await assert.rejects(gatedFetch(gate)("no url"), TypeError);
  ledger.assertBalanced(1);
});

test("the gate's own errors come through as they are, and nothing is sent", async () => {
  const clock = new ManualClock();
  const gate = new Gate({ maxWaiting: 1, clock });
  let sent = 0;
  const fetch = async (): Promise<Response> => (sent++, new Response(null));
  const blocker = await gate.acquire();
  const waited = gatedFetch(gate, { fetch, timeoutMs: 100 })("http://model/");
  await assert.rejects(gatedFetch(gate, { fetch })("http://model/"), {
    name: "GateError",
    code: "queue_full",
    stage: "rejected",
  });
  clock.advance(100);
  await assert.rejects(waited, { name: "GateError", code: "queue_timeout", stage: "evicted", waitedMs: 100 });
  gate.close();
  await assert.rejects(gatedFetch(gate, { fetch })("http://model/"), { name: "GateError", code: "closed" });
  blocker.release();
  assert.equal(sent, 0);
  assertIdle(gate);
});

test("a mixed crowd of readers, quitters and broken servers leaves every permit with the gate", async () => {
  const gate = new Gate(3);
  const ledger = new PermitLedger(gate);
  await using server = await misbehaving();
  await using good = await localServer((_, response) => response.end("good"));
  const get = gatedFetch(gate);
  const one = async (index: number): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    const paths = [good.url, `${server.url}/reset`, `${server.url}/reset-at-once`, `${server.url}/hang`];
    const response = await get(paths[index % 4]!, { signal, method: index % 8 === 0 ? "HEAD" : "GET" });
    if (index % 4 === 3 && index % 3 === 0) controller.abort();
    else if (index % 4 === 3) await response.body?.cancel();
    else await Promise.all([response.clone().text(), response.text()]);
  };
  await Promise.allSettled(Array.from({ length: 60 }, (_, index) => one(index)));
  await untilIdle(gate);
  ledger.assertBalanced(60);
});
