import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import fc from "fast-check";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { PermitCall } from "../support/permit-call.ts";

/** How a client may leave. */
const DEPARTURES: Readonly<Record<string, (call: PermitCall) => unknown>> = {
  "closes the connection": (call) => call.hangUp(),
  "resets the connection": (call) => call.socket.resetAndDestroy(),
  "closes its half of the connection": (call) => call.socket.end(),
};

/** A process that acquires a permit, says what it hears and then does nothing. */
const HOLDER = `
  const response = await fetch(process.argv[1], { method: "POST", body: '{"label":"child"}' });
  for await (const chunk of response.body) process.stdout.write(chunk);
`;

/** Such a process, once it has heard that. */
async function childWith(event: string, gateway: GatewayUnderTest): Promise<ChildProcess> {
  const args = ["--input-type=module", "-e", HOLDER, `${gateway.url}/headgate/permits`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  assert.match(chunk.toString(), new RegExp(event));
  return child;
}

describe("the held connection is the held permit:", () => {
  for (const [departure, leave] of Object.entries(DEPARTURES)) {
    test(`a holder that ${departure} releases`, async () => {
      await using gateway = await startGateway();
      const holder = new PermitCall(gateway);
      await holder.expect("granted");
      const waiter = new PermitCall(gateway);
      await waiter.expect("waiting");
      leave(holder);
      await waiter.expect("granted");
      assert.equal(gateway.gate.held, 1);
      leave(waiter);
      await gateway.over(2);
      assert.equal(gateway.gate.held, 0);
      assert.equal(gateway.gateway.heldPermits.size, 0);
    });

    test(`a waiter that ${departure} is gone from the line and never granted`, async () => {
      await using gateway = await startGateway();
      const holder = new PermitCall(gateway);
      await holder.expect("granted");
      const waiter = new PermitCall(gateway);
      await waiter.expect("waiting");
      leave(waiter);
      await gateway.waiting(0);
      await gateway.over(1);
      assert.deepEqual(gateway.outcomes, ["client_closed"]);
      holder.hangUp();
    });

    test(`a holder that steps aside and ${departure} does not come back`, async () => {
      await using gateway = await startGateway();
      const holder = new PermitCall(gateway);
      const id = await holder.granted();
      const person = new PermitCall(gateway, { priority: 0 });
      await person.expect("waiting");
      const stepping = gateway.post(`/headgate/permits/${id}/yield`, {});
      await holder.expect("parked");
      await person.expect("granted");
      leave(holder);
      await gateway.waiting(0);
      assert.equal((await stepping).ok, false);
      person.hangUp();
      await gateway.over(2);
      assert.equal(gateway.gate.held, 0);
    });
  }

  test("a client process that is killed releases what it held and leaves the line it stood in", async () => {
    await using gateway = await startGateway();
    const holding = await childWith("granted", gateway);
    const next = new PermitCall(gateway);
    await next.expect("waiting");
    const ended = [once(holding, "close")];
    holding.kill("SIGKILL");
    await next.expect("granted");
    const waiting = await childWith("waiting", gateway);
    ended.push(once(waiting, "close"));
    waiting.kill("SIGKILL");
    await gateway.waiting(0);
    next.hangUp();
    await Promise.all(ended);
    await gateway.over(3);
    assert.deepEqual(gateway.outcomes, ["finished", "client_closed", "finished"]);
  });

  test("a request that is cut off in the middle of its body acquires nothing", async () => {
    await using gateway = await startGateway();
    const response = fetch(`${gateway.url}/headgate/permits`, {
      method: "POST",
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from('{"label":'));
          setImmediate(() => controller.error(new Error("gone")));
        },
      }),
      duplex: "half",
    });
    await assert.rejects(response);
    const call = new PermitCall(gateway);
    assert.equal((await call.expect("granted"))["waitedMs"], 0);
    call.hangUp();
  });
});

describe("when the gateway shuts down", () => {
  test("everybody is told so in a last line, and every connection comes to its proper end", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const waiter = new PermitCall(gateway);
    await waiter.expect("waiting");
    await gateway.gateway.close();
    for (const call of [holder, waiter]) {
      const { code, message } = await call.expect("error");
      assert.equal(code, "closed");
      assert.match(String(message), /shutting down/);
      assert.equal(await call.next(), undefined);
      assert.equal(call.complete, true);
    }
    await gateway.over(2);
    assert.deepEqual([gateway.gate.held, gateway.gate.waiting], [0, 0]);
  });

  test("a holder may finish within the limit, and one that steps aside comes back", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    const stepping = gateway.post(`/headgate/permits/${id}/yield`, {});
    await holder.expect("parked");
    const down = gateway.gateway.shutDown(60_000);
    person.hangUp();
    await holder.expect("granted");
    assert.deepEqual(await (await stepping).json(), { kept: false });
    holder.hangUp();
    await down;
  });
});

describe("keys and permits", () => {
  const KEYS = [
    { name: "pipeline", key: "pipeline-key", ceiling: 50, priority: 80 },
    { name: "chat", key: "chat-key-1" },
    { name: "boss", key: "boss-key-1", role: "admin" },
  ];
  const start = (): Promise<GatewayUnderTest> => startGateway({ config: { keys: KEYS } });
  const asKey = (key: string): { headers: Record<string, string> } => ({ headers: { "x-api-key": key } });
  const remove = (gateway: GatewayUnderTest, id: string, key: string): Promise<Response> =>
    fetch(`${gateway.url}/headgate/permits/${id}`, { method: "DELETE", ...asKey(key) });

  test("without a valid key every route of them answers 401", async () => {
    await using gateway = await start();
    for (const headers of [{}, { authorization: "Bearer wrong-key" }]) {
      for (const [method, path] of [
        ["POST", ""],
        ["DELETE", "/permit_1"],
        ["POST", "/permit_1/yield"],
      ] as const) {
        const response = await fetch(`${gateway.url}/headgate/permits${path}`, { method, headers });
        assert.equal(response.status, 401);
        const { error } = (await response.json()) as { error: { code: string } };
        assert.equal(error.code, "invalid_api_key");
      }
    }
  });

  test("a key gives the priority that nobody asked for, and its ceiling lowers what is asked", async () => {
    await using gateway = await start();
    for (const [body, priority] of [
      [{}, 80],
      [{ priority: "foreground" }, 50],
      [{ priority: 60 }, 60],
    ] as const) {
      const call = new PermitCall(gateway, body, { key: "pipeline-key" });
      assert.equal((await call.expect("granted"))["priority"], priority);
      call.hangUp();
      await gateway.until(() => gateway.gate.held === 0);
    }
  });

  test("a permit can be released by its own key and by an admin, used by its own key only, and others do not learn of it", async () => {
    await using gateway = await start();
    const call = new PermitCall(gateway, {}, { key: "pipeline-key" });
    const id = await call.granted();
    assert.equal((await remove(gateway, id, "chat-key-1")).status, 404);
    for (const key of ["chat-key-1", "boss-key-1"]) {
      const stepping = await gateway.post(`/headgate/permits/${id}/yield`, {}, asKey(key));
      assert.equal(stepping.status, 404);
      const riding = await gateway.post(`/permit/${id}/v1/chat/completions`, { messages: [] }, asKey(key));
      assert.equal(riding.status, 409);
      const { error } = (await riding.json()) as { error: { code: string } };
      assert.equal(error.code, "permit_unknown");
    }
    assert.equal(gateway.gate.held, 1);
    assert.equal((await remove(gateway, id, "boss-key-1")).status, 200);
    await call.expect("released");
    const again = new PermitCall(gateway, {}, { key: "pipeline-key" });
    assert.equal((await remove(gateway, await again.granted(), "pipeline-key")).status, 200);
    await again.expect("released");
  });
});

/** What one client does with a permit, step by step. */
const STEPS = ["yield", "release", "hang up", "reset", "half-close"] as const;

async function live(
  gateway: GatewayUnderTest,
  priority: number,
  steps: readonly (typeof STEPS)[number][],
): Promise<void> {
  const call = new PermitCall(gateway, { priority, preemptible: priority > 0 });
  const first = await call.next();
  const id = String(first?.["id"]);
  for (const step of steps) {
    if (step === "hang up") call.hangUp();
    // Not of a half-closed one: Node then forgets to close it (uv_tcp_close_reset refuses while a shutdown is under way).
    if (step === "reset" && !call.socket.writableEnded) call.socket.resetAndDestroy();
    if (step === "half-close") call.socket.end();
    const path = `/headgate/permits/${id}`;
    // Whatever becomes of it: of a permit that is gone, or that still waits, nothing.
    if (step === "yield") await gateway.post(`${path}/yield`, { timeoutMs: 20 });
    if (step === "release") await fetch(gateway.url + path, { method: "DELETE" });
  }
  call.hangUp();
}

test("property: whatever clients do with their permits, at any time, none is leaked and nobody is left waiting", async () => {
  const client = fc.record({
    priority: fc.constantFrom(0, 50, 100),
    steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 8 }), async (clients) => {
      // Its end fails unless nothing is held, nobody waits and no call is open.
      await using gateway = await startGateway({ server: { slots: 2 }, upstream: { capacity: 2 } });
      let most = 0;
      gateway.gate.on("dispatch", ({ held }) => (most = Math.max(most, held)));
      await Promise.all(clients.map(({ priority, steps }) => live(gateway, priority, steps)));
      await gateway.over(clients.length);
      assert.ok(most <= gateway.gate.capacity);
      assert.equal(gateway.gateway.heldPermits.size, 0);
    }),
    { numRuns: 25 },
  );
});
