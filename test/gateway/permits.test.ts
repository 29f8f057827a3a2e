import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { PermitCall } from "../support/permit-call.ts";

async function release(gateway: GatewayUnderTest, id: string): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${gateway.url}/headgate/permits/${id}`, { method: "DELETE" });
  return { status: response.status, body: (await response.json()) as Json };
}

async function step(gateway: GatewayUnderTest, id: string, body: Json = {}): Promise<{ status: number; body: Json }> {
  const response = await gateway.post(`/headgate/permits/${id}/yield`, body);
  return { status: response.status, body: (await response.json()) as Json };
}

/** The code and the message of a refusal. */
async function refusal(gateway: GatewayUnderTest, body: unknown, query = ""): Promise<[number, string, string]> {
  const response = await gateway.post(`/headgate/permits${query}`, body);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  assert.equal(response.headers.get("x-headgate-reason"), error.code);
  return [response.status, error.code, error.message];
}

describe("a permit over HTTP", () => {
  test("a free gate grants with the first line, and the open connection is the held permit", async () => {
    await using gateway = await startGateway();
    const call = new PermitCall(gateway, { priority: "foreground", label: "transcribe" });
    assert.deepEqual(await call.head(), { status: 200, type: "application/x-ndjson" });
    const { id, ...granted } = await call.expect("granted");
    assert.match(String(id), /^permit_[\da-f-]{36}$/);
    assert.deepEqual(granted, { event: "granted", waitedMs: 0, priority: 0 });
    const [holder] = gateway.gate.snapshot().holders;
    assert.deepEqual([holder?.label, holder?.priority], ["transcribe", 0]);
    call.hangUp();
    await gateway.over(1);
    assert.equal(gateway.gate.held, 0);
    assert.deepEqual(gateway.outcomes, ["finished"]);
  });

  test("whoever waits is told its position at once, and is granted in order of priority and then of arrival", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const pipeline = new PermitCall(gateway, { priority: 100 });
    assert.equal((await pipeline.expect("waiting"))["position"], 1);
    const agent = new PermitCall(gateway, { priority: 50 });
    assert.equal((await agent.expect("waiting"))["position"], 1);
    const later = new PermitCall(gateway, { priority: "bulk" });
    const { id, position } = await later.expect("waiting");
    assert.equal(position, 3);
    for (const [next, previous] of [
      [agent, holder],
      [pipeline, agent],
      [later, pipeline],
    ] as const) {
      previous.hangUp();
      await next.expect("granted");
      assert.equal(gateway.gate.held, 1);
    }
    assert.equal((await release(gateway, String(id))).status, 200);
    await later.expect("released");
  });

  test("who says nothing is background, also without a body and whatever its content type", async () => {
    await using gateway = await startGateway();
    for (const init of [
      { method: "POST" },
      { method: "POST", body: "{}", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ]) {
      const controller = new AbortController();
      const response = await fetch(`${gateway.url}/headgate/permits`, { ...init, signal: controller.signal });
      const reader = response.body!.getReader();
      const { value } = (await reader.read()) as { value: Uint8Array };
      assert.match(Buffer.from(value).toString(), /"event":"granted".*"priority":100/);
      controller.abort();
      await gateway.until(() => gateway.gate.held === 0);
    }
  });

  test("DELETE releases: the stream says so last and ends, the next is granted, and a second DELETE finds nothing", async () => {
    await using gateway = await startGateway();
    const first = new PermitCall(gateway);
    const id = await first.granted();
    const second = new PermitCall(gateway);
    await second.expect("waiting");
    assert.deepEqual(await release(gateway, id), { status: 200, body: { released: true } });
    await first.expect("released");
    assert.equal(await first.next(), undefined);
    assert.equal(first.complete, true);
    const again = await release(gateway, id);
    assert.deepEqual([again.status, (again.body["error"] as Json)["code"]], [404, "permit_unknown"]);
    await second.expect("granted");
    second.hangUp();
  });

  test("GET tells whether a permit is held, and knows nothing of one that is over", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    const waiter = new PermitCall(gateway);
    const waiting = String((await waiter.expect("waiting"))["id"]);
    const look = async (permit: string): Promise<unknown> => {
      const response = await gateway.get(`/headgate/permits/${permit}`);
      return response.ok ? response.json() : response.status;
    };
    assert.deepEqual(await look(id), { id, held: true });
    assert.deepEqual(await look(waiting), { id: waiting, held: false });
    await release(gateway, id);
    assert.equal(await look(id), 404);
    await waiter.expect("granted");
    assert.deepEqual(await look(waiting), { id: waiting, held: true });
    waiter.hangUp();
  });

  test("DELETE while it waits cancels: the stream ends with that error and nobody is ever granted", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const waiter = new PermitCall(gateway, { label: "index" });
    const { id } = await waiter.expect("waiting");
    assert.equal((await release(gateway, String(id))).status, 200);
    const { code, message, stage } = await waiter.expect("error");
    assert.deepEqual([code, stage], ["cancelled", "evicted"]);
    assert.match(String(message), /index/);
    assert.equal(await waiter.next(), undefined);
    assert.equal(gateway.gate.waiting, 0);
    holder.hangUp();
    await gateway.over(2);
    assert.deepEqual(gateway.outcomes, ["cancelled", "finished"]);
  });

  test("heartbeats come while it waits and while it is held, at least every 15 s whatever is configured", async () => {
    for (const [heartbeatAfterMs, everyMs] of [
      [2_000, 2_000],
      [60_000, 15_000],
    ] as const) {
      const clock = new ManualClock();
      await using gateway = await startGateway({ clock, config: { queue: { heartbeatAfterMs } } });
      const holder = new PermitCall(gateway);
      await holder.expect("granted");
      const waiter = new PermitCall(gateway);
      await waiter.expect("waiting");
      for (let beat = 0; beat < 3; beat++) {
        clock.advance(everyMs);
        await holder.expect("heartbeat");
        await waiter.expect("heartbeat");
      }
      holder.hangUp();
      assert.equal((await waiter.expect("granted"))["waitedMs"], 3 * everyMs);
      clock.advance(everyMs);
      await waiter.expect("heartbeat");
      waiter.hangUp();
      await gateway.over(2);
    }
  });
});

describe("a permit over HTTP that steps aside", () => {
  test("yield keeps the permit when nobody sooner waits, and says nothing in the stream", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    assert.deepEqual(await step(gateway, id), { status: 200, body: { kept: true } });
    const peer = new PermitCall(gateway);
    await peer.expect("waiting");
    assert.deepEqual(await step(gateway, id), { status: 200, body: { kept: true } });
    await release(gateway, id);
    await holder.expect("released");
    await peer.expect("granted");
    peer.hangUp();
  });

  test("yield lets a sooner call go first, and the holder comes back before its peers", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    const peer = new PermitCall(gateway);
    await peer.expect("waiting");
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    const stepping = step(gateway, id);
    await holder.expect("parked");
    await person.expect("granted");
    assert.equal(gateway.gate.held, 1);
    person.hangUp();
    const granted = await holder.expect("granted");
    assert.equal(granted["id"], id);
    assert.deepEqual(await stepping, { status: 200, body: { kept: false } });
    holder.hangUp();
    await peer.expect("granted");
    peer.hangUp();
  });

  test("only a preemptible holder is asked, once for each need, and again after it came back", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway, { preemptible: true });
    const id = await holder.granted();
    for (let round = 0; round < 2; round++) {
      const person = new PermitCall(gateway, { priority: 0 });
      await person.expect("waiting");
      await holder.expect("preempt");
      const stepping = step(gateway, id);
      await holder.expect("parked");
      await person.expect("granted");
      person.hangUp();
      await holder.expect("granted");
      assert.deepEqual((await stepping).body, { kept: false });
    }
    holder.hangUp();
    await gateway.until(() => gateway.gate.held === 0);
    const unwilling = new PermitCall(gateway);
    const other = await unwilling.granted();
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    await release(gateway, other);
    await unwilling.expect("released");
    person.hangUp();
  });

  test("a yield whose reason left meanwhile keeps the permit, and a later need is asked for anew", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway, { preemptible: true });
    const id = await holder.granted();
    for (let round = 0; round < 2; round++) {
      const person = new PermitCall(gateway, { priority: 0 });
      await person.expect("waiting");
      await holder.expect("preempt");
      person.hangUp();
      await gateway.until(() => gateway.gate.waiting === 0);
      assert.deepEqual((await step(gateway, id)).body, { kept: true });
    }
    holder.hangUp();
  });

  test("yields at the same time share one wait", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    const both = [step(gateway, id), step(gateway, id)];
    await holder.expect("parked");
    await person.expect("granted");
    person.hangUp();
    await holder.expect("granted");
    for (const { status } of await Promise.all(both)) assert.equal(status, 200);
    holder.hangUp();
  });

  test("a yield that waits too long answers 429, and the permit and its stream are over", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    const id = await holder.granted();
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    const { status, body } = await step(gateway, id, { timeoutMs: 1 });
    assert.deepEqual([status, (body["error"] as Json)["code"]], [429, "queue_timeout"]);
    await holder.expect("parked");
    const { code, stage } = await holder.expect("error");
    assert.deepEqual([code, stage], ["queue_timeout", "parked"]);
    assert.equal(await holder.next(), undefined);
    assert.equal((await step(gateway, id)).status, 404);
    await person.expect("granted");
    person.hangUp();
  });

  test("a permit that still waits has nothing to yield", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const waiter = new PermitCall(gateway);
    const { id } = await waiter.expect("waiting");
    const { status, body } = await step(gateway, String(id));
    assert.deepEqual([status, (body["error"] as Json)["code"]], [409, "permit_waiting"]);
    waiter.hangUp();
    holder.hangUp();
  });
});

describe("a call for a permit that is refused", () => {
  test("a body that cannot be read names the field, what it got and what it takes, and acquires nothing", async () => {
    await using gateway = await startGateway();
    for (const [body, field, words] of [
      [{ priority: "urgent" }, "priority", /priority must be "foreground", "background" or a number.*got "urgent"/],
      [{ priority: null }, "priority", /got null/],
      [{ priority: true }, "priority", /got true/],
      [{ timeoutMs: -1 }, "timeoutMs", /timeoutMs must be milliseconds from 0.*got -1/],
      [{ timeoutMs: "5" }, "timeoutMs", /got "5"/],
      [{ preemptible: "yes" }, "preemptible", /preemptible must be true or false; got "yes"/],
      [{ label: 5 }, "label", /label must be a text of at most 200 characters; got 5/],
      [{ label: "x".repeat(201) }, "label", /at most 200 characters/],
      [{ prio: 1 }, null, /unknown field prio/],
      [[], null, /the body must be a JSON object; got \[\]/],
      ["{", null, /the body is not JSON/],
    ] as const) {
      const response = await gateway.post("/headgate/permits", body);
      const { error } = (await response.json()) as { error: { message: string; param: string | null } };
      assert.equal(response.status, 400);
      assert.equal(error.param, field);
      assert.match(error.message, words);
    }
    assert.equal(gateway.gate.held, 0);
    const [status, code] = await refusal(gateway, { label: "x".repeat(20_000) });
    assert.deepEqual([status, code], [413, "body_too_large"]);
  });

  test("a gate that is full, or a class that is, answers 429 with a Retry-After before any line", async () => {
    for (const queue of [{ maxWaiting: 0 }, { background: { maxWaiting: 0 } }]) {
      await using gateway = await startGateway({ config: { queue } });
      const holder = new PermitCall(gateway);
      await holder.expect("granted");
      const response = await gateway.post("/headgate/permits", {});
      assert.equal(response.status, 429);
      assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
      assert.equal(((await response.json()) as { error: { code: string } }).error.code, "queue_full");
      holder.hangUp();
      await gateway.over(2);
      assert.deepEqual(gateway.outcomes, ["queue_full", "finished"]);
    }
  });

  test("a draining gateway answers 503, and who holds and waits is let through", async () => {
    await using gateway = await startGateway();
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const waiter = new PermitCall(gateway);
    await waiter.expect("waiting");
    const drained = gateway.gate.drain();
    const [status, code] = await refusal(gateway, {});
    assert.deepEqual([status, code], [503, "draining"]);
    holder.hangUp();
    await waiter.expect("granted");
    waiter.hangUp();
    await drained;
  });

  test("a wait that ends in vain is told in the stream: too long, or displaced by a sooner call", async () => {
    await using gateway = await startGateway({ config: { queue: { maxWaiting: 1 } } });
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const impatient = new PermitCall(gateway, { timeoutMs: 1 });
    await impatient.expect("waiting");
    assert.equal((await impatient.expect("error"))["code"], "queue_timeout");
    assert.equal(await impatient.next(), undefined);
    const displaced = new PermitCall(gateway);
    await displaced.expect("waiting");
    const person = new PermitCall(gateway, { priority: 0 });
    await person.expect("waiting");
    assert.equal((await displaced.expect("error"))["code"], "displaced");
    person.hangUp();
    holder.hangUp();
  });

  test("the configured limit on waits binds, and a client can only shorten it", async () => {
    const clock = new ManualClock();
    await using gateway = await startGateway({ clock, config: { queue: { background: { maxWaitMs: 1_000 } } } });
    const holder = new PermitCall(gateway);
    await holder.expect("granted");
    const long = new PermitCall(gateway, { timeoutMs: 60_000 });
    const short = new PermitCall(gateway, { timeoutMs: 500 });
    await Promise.all([long.expect("waiting"), short.expect("waiting")]);
    clock.advance(500);
    assert.equal((await short.expect("error"))["code"], "queue_timeout");
    clock.advance(500);
    assert.equal((await long.expect("error"))["code"], "queue_timeout");
    holder.hangUp();
  });
});

describe("the priority of a permit", () => {
  test("is the body's, else what rules say, else what its listener or the configuration gives", async () => {
    const rules = [{ priority: 30, userAgent: "indexer" }];
    const config = { listen: [{ port: 0, priority: 40 }], rules };
    await using gateway = await startGateway({ config });
    for (const [body, headers, priority] of [
      [{ priority: 20 }, { "user-agent": "indexer/1" }, 20],
      [{}, { "user-agent": "indexer/1" }, 30],
      [{}, {}, 40],
      [{}, { "x-headgate-priority": "foreground" }, 0],
    ] as const) {
      const call = new PermitCall(gateway, body, { headers });
      assert.equal((await call.expect("granted"))["priority"], priority);
      call.hangUp();
      await gateway.until(() => gateway.gate.held === 0);
    }
  });

  test("lies within what a gate with aging can order, and the stream says what it became", async () => {
    await using gateway = await startGateway({ config: { queue: { agingMs: 1_000 } } });
    const call = new PermitCall(gateway, { priority: 1e7 });
    assert.equal((await call.expect("granted"))["priority"], 1e6);
    call.hangUp();
  });
});

describe("the gate of a permit", () => {
  test("is chosen by the name of a server or of a gate; an unknown name is a 404 that lists them", async () => {
    await using gateway = await startGateway({ upstream: { name: "gpu0", gate: "left" } });
    await gateway.gateway.addUpstream({
      url: "http://127.0.0.1:9",
      name: "gpu1",
      gate: "right",
      models: { alias: {} },
    });
    const gates = gateway.gateway.gates;
    for (const [name, gate] of [
      ["gpu0", "left"],
      ["left", "left"],
      ["gpu1", "right"],
      ["right", "right"],
    ] as const) {
      const call = new PermitCall(gateway, {}, { query: `?upstream=${name}` });
      await call.expect("granted");
      assert.equal(gates.get(gate)?.gate.held, 1);
      call.hangUp();
      await gateway.until(() => gates.get(gate)?.gate.held === 0);
    }
    const [status, code, message] = await refusal(gateway, {}, "?upstream=gpu2");
    assert.deepEqual([status, code], [404, "unknown_upstream"]);
    assert.match(message, /gpu0, gpu1, left, right/);
    const [several, required] = await refusal(gateway, {});
    assert.deepEqual([several, required], [400, "upstream_required"]);
  });

  test("is this machine's when there are several and none is named, and when no server was found yet", async () => {
    await using gateway = await startGateway();
    await gateway.gateway.addUpstream({ url: "http://127.0.0.1:9", name: "far", gate: "far", models: { alias: {} } });
    const call = new PermitCall(gateway);
    await call.expect("granted");
    assert.equal(gateway.gate.held, 1);
    call.hangUp();

    await using empty = await startGateway({ server: null });
    const first = new PermitCall(empty);
    await first.expect("granted");
    const second = new PermitCall(empty);
    await second.expect("waiting");
    first.hangUp();
    await second.expect("granted");
    second.hangUp();
  });
});
