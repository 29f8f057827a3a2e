import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

suite("a draining gate", () => {
  test("lets everybody who is here run, admits nobody new, and is closed when the last permit is back", async (t) => {
    const gate = testGate(t, { name: "old" });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const waiting = [order.join("a"), order.join("b")];
    let drained = false;
    const drain = gate.drain().then(() => (drained = true));
    assert.equal(gate.state, "draining");
    await assert.rejects(gate.acquire({ priority: Priority.FOREGROUND }), {
      code: "draining",
      stage: "rejected",
      waiting: 2,
      message: /gate "old": .*rejected.*the gate is draining/,
    });
    assert.equal(drained, false);
    holder.release();
    await Promise.all(waiting);
    assert.deepEqual(order.names, ["a", "b"]);
    await drain;
    assert.equal(gate.state, "closed");
    await assert.rejects(gate.acquire(), { code: "closed", stage: "rejected" });
  });

  test("is not closed before its holders are done", async (t) => {
    const gate = testGate(t, 2);
    const holders = [gate.tryAcquire()!, gate.tryAcquire()!];
    const drain = gate.drain();
    holders[0]!.release();
    assert.equal(gate.state, "draining");
    holders[1]!.release();
    assert.equal(gate.state, "closed");
    await drain;
  });

  test("was paused: the pause is lifted, or its waiters would never run", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    gate.pause();
    const waiting = order.join("waiting");
    const drain = gate.drain();
    await Promise.all([waiting, drain]);
    assert.deepEqual(order.names, ["waiting"]);
  });

  test("closes when its last waiter leaves without having run", async (t) => {
    const gate = testGate(t, 0);
    const controller = new AbortController();
    const aborted = assert.rejects(gate.acquire({ signal: controller.signal }), { name: "AbortError" });
    const drain = gate.drain();
    assert.equal(gate.state, "draining");
    controller.abort();
    assert.equal(gate.state, "closed");
    await Promise.all([aborted, drain]);
  });

  test("lets a parked call in again", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    const person = gate.acquire({ priority: Priority.FOREGROUND });
    const parked = permit.yield();
    const drain = gate.drain();
    (await person).release();
    assert.equal(await parked, true);
    assert.equal(gate.state, "draining");
    permit.release();
    await drain;
  });

  test("can be closed at once, and drain then resolves with the last holder", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const closed = assert.rejects(gate.acquire(), { code: "closed", stage: "evicted" });
    const drain = gate.drain();
    gate.close();
    assert.equal(gate.state, "closed");
    await closed;
    holder.release();
    await drain;
  });
});

suite("drain", () => {
  test("of an idle gate closes it within the call", async (t) => {
    const gate = testGate(t);
    const drain = gate.drain();
    assert.equal(gate.state, "closed");
    await drain;
  });

  test("of a closed gate waits for its holders", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    gate.close();
    let drained = false;
    const drain = gate.drain().then(() => (drained = true));
    await Promise.resolve();
    assert.equal(drained, false);
    holder.release();
    await drain;
  });

  test("asked for twice resolves twice", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const drains = [gate.drain(), gate.drain()];
    holder.release();
    await Promise.all(drains);
  });

  test("reports each state it goes through once", async (t) => {
    const gate = testGate(t);
    const states: string[] = [];
    gate.on("state", ({ state, held, waiting }) => states.push(`${state} ${held}/${waiting}`));
    const holder = await gate.acquire();
    const drains = [gate.drain(), gate.drain()];
    holder.release();
    await Promise.all(drains);
    assert.deepEqual(states, ["draining 1/0", "closed 0/0"]);
  });

  test("from within a listener is as good as from anywhere", async (t) => {
    const gate = testGate(t);
    const drains: Promise<void>[] = [];
    gate.on("release", () => drains.push(gate.drain()));
    (await gate.acquire()).release();
    await Promise.all(drains);
    assert.equal(gate.state, "closed");
  });
});
