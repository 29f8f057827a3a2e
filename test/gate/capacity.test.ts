import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Gate, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

test("a gate has one permit unless told otherwise; a number is short for a capacity", (t) => {
  assert.equal(testGate(t).capacity, 1);
  assert.equal(new Gate().capacity, 1);
  assert.equal(new Gate(3).capacity, 3);
  assert.equal(new Gate({ capacity: 4 }).capacity, 4);
});

test("never more calls run at once than the capacity, and never fewer while somebody waits", async (t) => {
  const gate = testGate(t, 3);
  let running = 0;
  const seen: number[] = [];
  const calls = Array.from({ length: 30 }, (_, n) =>
    gate.run(async () => {
      seen.push(++running);
      for (let turn = 0; turn < n % 4; turn++) await nextTurn();
      assert.equal(gate.held, gate.waiting > 0 ? 3 : gate.held);
      running--;
    }),
  );
  await Promise.all(calls);
  assert.equal(Math.max(...seen), 3);
});

suite("growing", () => {
  test("dispatches as many waiters as there are new permits, in order, within the call", async (t) => {
    const gate = testGate(t, 0);
    const calls = ["a", "b", "c", "d"].map((label) => gate.acquire({ label }));
    gate.resize(3);
    assert.deepEqual(
      gate.snapshot().holders.map(({ label }) => label),
      ["a", "b", "c"],
    );
    assert.equal(gate.waiting, 1);
    await releaseAll(calls);
  });

  test("takes effect for tryAcquire at once", (t) => {
    const gate = testGate(t);
    const first = gate.tryAcquire();
    assert.equal(gate.tryAcquire(), undefined);
    gate.resize(2);
    const second = gate.tryAcquire();
    assert.equal(second?.released, false);
    first?.release();
    second?.release();
  });

  test("dispatches nobody on a paused gate before unpause", async (t) => {
    const gate = testGate(t, 0);
    const order = new ServiceOrder(gate);
    gate.pause();
    const call = order.join("patient");
    gate.resize(1);
    assert.equal(gate.waiting, 1);
    gate.unpause();
    await call;
  });
});

suite("shrinking", () => {
  test("below what is held revokes nothing, and admits nobody until enough permits came back", async (t) => {
    const gate = testGate(t, 3);
    const holders = [gate.tryAcquire()!, gate.tryAcquire()!, gate.tryAcquire()!];
    const waiting = gate.acquire();
    gate.resize(1);
    assert.deepEqual({ held: gate.held, capacity: gate.capacity }, { held: 3, capacity: 1 });
    assert.ok(holders.every(({ released }) => !released));
    holders[0]!.release();
    holders[1]!.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    holders[2]!.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 0 });
    (await waiting).release();
  });

  test("and growing back before anybody released admits exactly the difference", async (t) => {
    const gate = testGate(t, 2);
    const holders = [gate.tryAcquire()!, gate.tryAcquire()!];
    const calls = [gate.acquire(), gate.acquire()];
    gate.resize(1);
    gate.resize(2);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 2, waiting: 2 });
    gate.resize(3);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 3, waiting: 1 });
    for (const holder of holders) holder.release();
    await releaseAll(calls);
  });

  test("to 0 stops the gate without losing anybody", async (t) => {
    const gate = testGate(t);
    const holder = gate.tryAcquire()!;
    const call = gate.acquire();
    gate.resize(0);
    holder.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 1 });
    gate.resize(1);
    (await call).release();
  });
});

suite("capacity 0", () => {
  test("queues everybody and gives nothing away", async (t) => {
    const gate = testGate(t, 0);
    assert.equal(gate.tryAcquire({ priority: 0 }), undefined);
    const controller = new AbortController();
    const call = assert.rejects(gate.acquire({ priority: 0, signal: controller.signal }));
    assert.equal(gate.waiting, 1);
    controller.abort();
    await call;
  });

  test("with waiters is drained once it grew", async (t) => {
    const gate = testGate(t, 0);
    const order = new ServiceOrder(gate);
    const call = order.join("last");
    const drained = gate.drain();
    assert.equal(gate.state, "draining");
    gate.resize(1);
    await Promise.all([call, drained]);
    assert.equal(gate.state, "closed");
  });
});

test("capacity Infinity lets everybody in and still counts", (t) => {
  const gate = testGate(t, Infinity);
  const permits = Array.from({ length: 1000 }, () => gate.tryAcquire()!);
  assert.equal(gate.held, 1000);
  for (const permit of permits) permit.release();
});

test("an unusable capacity is refused by name and value, and changes nothing", (t) => {
  const gate = testGate(t, 2);
  const mistakes = [
    [NaN, TypeError],
    ["2", TypeError],
    [null, TypeError],
    [-1, RangeError],
    [1.5, RangeError],
    [-Infinity, RangeError],
  ] as const;
  for (const [capacity, type] of mistakes) {
    const message = new RegExp(`^capacity must be .*; got ${String(capacity)} \\(${typeof capacity}\\)$`);
    const expected = { name: type.name, message };
    assert.throws(() => gate.resize(capacity as number), expected);
    if (capacity !== null) assert.throws(() => new Gate({ capacity: capacity as number }), expected);
  }
  assert.equal(gate.capacity, 2);
});

test("resizing from within a listener is as good as from anywhere", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  gate.on("enqueue", ({ waiting }) => gate.resize(1 + waiting));
  const holder = await gate.acquire();
  const first = order.join("first");
  assert.equal(gate.capacity, 2);
  assert.equal(gate.waiting, 0);
  holder.release();
  await first;
});

async function releaseAll(calls: readonly Promise<Permit>[]): Promise<void> {
  for (const call of calls) (await call).release();
}
