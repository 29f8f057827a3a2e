import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { withPriority } from "../../src/client/ambient-priority.ts";
import { gatedFetch } from "../../src/client/gated-fetch.ts";
import { Gate, Priority } from "../../src/gate/index.ts";
import { assertIdle, nextEvent, PermitLedger } from "../support/idle-gate.ts";
import { localServer, type LocalServer } from "../support/local-server.ts";
import { ManualClock } from "../support/manual-clock.ts";

const answering = (text = "answer"): Promise<LocalServer> => localServer((_, response) => response.end(text));

test("the permit is held from before the request until the body was read", async () => {
  const gate = new Gate();
  const heldAtServer: number[] = [];
  await using server = await localServer((_, response) => {
    heldAtServer.push(gate.held);
    response.end("answer");
  });
  const response = await gatedFetch(gate)(server.url);
  assert.deepEqual(heldAtServer, [1]);
  assert.equal(gate.held, 1);
  assert.equal(await response.text(), "answer");
  assertIdle(gate);
});

test("every way to read a body to its end releases the permit once", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await using server = await answering("[1]");
  const ways: ((response: Response) => Promise<unknown>)[] = [
    (response) => response.text(),
    (response) => response.json(),
    (response) => response.arrayBuffer(),
    (response) => response.bytes(),
    (response) => response.blob(),
    (response) => response.body!.pipeTo(new WritableStream()),
    async (response) => {
      for await (const chunk of response.body as ReadableStream<Uint8Array>) assert.ok(chunk.length > 0);
    },
    (response) =>
      new Response(response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text(),
    (response) => Promise.all([response.clone().text(), response.text()]),
    (response) => Promise.all(response.body!.tee().map((branch) => new Response(branch).text())),
    (response) => response.body!.cancel(),
  ];
  const get = gatedFetch(gate);
  for (const [index, read] of ways.entries()) {
    const response = await get(server.url);
    assert.equal(gate.held, 1);
    await read(response);
    ledger.assertBalanced(index + 1);
  }
});

test("never more requests are under way than the gate has permits", async () => {
  const gate = new Gate(2);
  const ledger = new PermitLedger(gate);
  let underWay = 0;
  let most = 0;
  await using server = await localServer((_, response) => {
    most = Math.max(most, ++underWay);
    response.write("a");
    setImmediate(() => response.end("b", () => underWay--));
  });
  const get = gatedFetch(gate);
  const texts = await Promise.all(Array.from({ length: 20 }, async () => (await get(server.url)).text()));
  assert.deepEqual(new Set(texts), new Set(["ab"]));
  assert.equal(most, 2);
  ledger.assertBalanced(20);
});

test("an answer without a body releases at once: HEAD, 204, 304", async () => {
  const gate = new Gate();
  await using server = await localServer((request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { etag: '"x"' }).end();
  });
  const get = gatedFetch(gate);
  for (const [method, status] of [
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ] as const) {
    const response = await get(`${server.url}/${status}`, { method });
    assert.deepEqual([response.status, response.body], [status, null]);
    assertIdle(gate);
  }
});

test("an empty body releases without being read", async () => {
  const gate = new Gate();
  const released = nextEvent(gate, "release");
  await using server = await answering("");
  await gatedFetch(gate)(server.url);
  await released;
  assertIdle(gate);
});

test("a redirect is one request under one permit", async () => {
  const gate = new Gate();
  const ledger = new PermitLedger(gate);
  await using server = await localServer((request, response) => {
    if (request.url === "/old") response.writeHead(307, { location: "/new" }).end("moved");
    else response.end(request.url);
  });
  const response = await gatedFetch(gate)(`${server.url}/old`);
  assert.equal(response.url, `${server.url}/new`);
  assert.equal(response.redirected, true);
  assert.equal(await response.text(), "/new");
  ledger.assertBalanced(1);
});

test("an answer is passed on while it arrives, chunk by chunk", async () => {
  const gate = new Gate();
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  await using server = await localServer(async (_, response) => {
    response.write("first");
    await mayEnd;
    response.end("last");
  });
  const response = await gatedFetch(gate)(server.url);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "first");
  assert.equal(gate.held, 1);
  end();
  assert.equal((await reader.read()).value, "last");
  assert.equal((await reader.read()).done, true);
  assertIdle(gate);
});

test("the arguments reach the underlying fetch untouched", async () => {
  const gate = new Gate();
  const calls: unknown[][] = [];
  const fetch = async (...call: Parameters<typeof globalThis.fetch>): Promise<Response> => {
    calls.push(call);
    return new Response(null);
  };
  const init = { method: "POST", body: "{}", signal: new AbortController().signal };
  await gatedFetch(gate, { fetch })("http://model/v1", init);
  assert.equal(calls[0]?.[0], "http://model/v1");
  assert.equal(calls[0]?.[1], init);
  assertIdle(gate);
});

test("without an underlying fetch it calls whatever the global one is at that moment", async (t) => {
  const gate = new Gate();
  const get = gatedFetch(gate);
  t.mock.method(globalThis, "fetch", async () => new Response("mocked"));
  assert.equal(await (await get("http://model/")).text(), "mocked");
  assertIdle(gate);
});

test("foreground overtakes background that waits: explicit beats ambient beats the gate's default", async () => {
  const gate = new Gate({ defaultPriority: 70 });
  const seen: (readonly [string | undefined, number])[] = [];
  gate.on("dispatch", ({ label, priority }) => seen.push([label, priority]));
  const fetch = async (): Promise<Response> => new Response("x");
  const blocker = await gate.acquire({ label: "blocker" });
  const go = async (label: string, priority?: number): Promise<string> =>
    (await gatedFetch(gate, { fetch, label, priority })("http://model/")).text();
  const all = [
    go("default"),
    withPriority(50, () => go("ambient")),
    withPriority(50, () => go("explicit", Priority.FOREGROUND)),
  ];
  blocker.release();
  await Promise.all(all);
  assert.deepEqual(seen, [
    ["blocker", 70],
    ["explicit", 0],
    ["ambient", 50],
    ["default", 70],
  ]);
  assertIdle(gate);
});

test("events name method and path, and keep the query to themselves", async () => {
  const gate = new Gate();
  const labels: unknown[] = [];
  gate.on("dispatch", ({ label }) => labels.push(label));
  const get = gatedFetch(gate, { fetch: async () => new Response(null) });
  await get("http://model/v1/chat?key=secret", { method: "POST" });
  await get(new URL("http://model/v1/models"));
  await get(new Request("http://model/v1/files", { method: "DELETE" }));
  assert.deepEqual(labels, ["POST /v1/chat", "GET /v1/models", "DELETE /v1/files"]);
  assertIdle(gate);
});

test("a body nobody reads is warned of after bodyIdleMs, cancelled, and its permit released", async () => {
  const gate = new Gate();
  const clock = new ManualClock();
  const hungUp = Promise.withResolvers<void>();
  await using server = await localServer((_, response) => {
    response.once("close", () => hungUp.resolve());
    response.write("endless");
  });
  const armed = Promise.withResolvers<void>();
  const after: ManualClock["after"] = (...call) => (armed.resolve(), clock.after(...call));
  const watched = { now: () => clock.now(), after };
  const response = await gatedFetch(gate, { bodyIdleMs: 5000, clock: watched })(`${server.url}/v1/chat`);
  await armed.promise;
  const warned = once(process, "warning") as Promise<[Error & { code?: string }]>;
  clock.advance(5000);
  assertIdle(gate);
  const [warning] = await warned;
  assert.equal(warning.name, "HeadgateWarning");
  assert.equal(warning.code, "HEADGATE_BODY_IDLE");
  assert.match(warning.message, /GET \/v1\/chat .*5000 ms/);
  await hungUp.promise;
  await assert.rejects(response.text(), { code: "body_idle" });
});

test("unusable options throw at once and name the option", () => {
  const gate = new Gate();
  assert.throws(() => gatedFetch(gate, { priority: Number.NaN }), { name: "TypeError", message: /priority/ });
  assert.throws(() => gatedFetch(gate, { timeoutMs: -1 }), { name: "RangeError", message: /timeoutMs.*-1/ });
  assert.throws(() => gatedFetch(gate, { bodyIdleMs: 0 }), { name: "RangeError", message: /bodyIdleMs.*0/ });
  assert.throws(() => gatedFetch(gate, { bodyIdleMs: 2 ** 31 }), { name: "RangeError", message: /bodyIdleMs/ });
  assert.throws(() => gatedFetch(gate, { bodyIdleMs: Number.NaN }), { name: "TypeError", message: /bodyIdleMs/ });
});
