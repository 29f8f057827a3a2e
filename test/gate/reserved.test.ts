import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND, BACKGROUND } = Priority;
const reserved = { permits: 1, priority: FOREGROUND };

suite("under a full background", () => {
  test("the foreground gets a reserved permit at once", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved });
    const order = new ServiceOrder(gate);
    const background = await gate.acquire();
    const waiting = order.join("background");
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    await order.join("foreground", { priority: FOREGROUND });
    assert.deepEqual(order.names, ["foreground"]);
    background.release();
    await waiting;
  });

  test("tryAcquire gives the reserved permit to the foreground and to nobody else", (t) => {
    const gate = testGate(t, { capacity: 2, reserved });
    const background = gate.tryAcquire();
    assert.equal(gate.tryAcquire(), undefined);
    assert.equal(gate.tryAcquire({ priority: 1 }), undefined);
    const foreground = gate.tryAcquire({ priority: FOREGROUND });
    assert.equal(foreground?.released, false);
    background?.release();
    foreground?.release();
  });

  test("a returned reserved permit goes to nobody but the foreground", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved });
    const background = await gate.acquire();
    const foreground = await gate.acquire({ priority: FOREGROUND });
    const waiting = gate.acquire();
    foreground.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    background.release();
    (await waiting).release();
  });
});

test("the largest number that may use the reserved permits is the reservation's own", (t) => {
  const gate = testGate(t, { capacity: 1, reserved: { permits: 1, priority: 50 } });
  assert.equal(gate.tryAcquire({ priority: 50.5 }), undefined);
  gate.tryAcquire({ priority: 50 })?.release();
  gate.tryAcquire({ priority: -10 })?.release();
});

test("the foreground may hold every permit, and the background follows as they come back", async (t) => {
  const gate = testGate(t, { capacity: 2, reserved });
  const foreground = [gate.tryAcquire({ priority: FOREGROUND })!, gate.tryAcquire({ priority: FOREGROUND })!];
  const background = [gate.acquire(), gate.acquire()];
  foreground[0]!.release();
  assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 2, waiting: 1 });
  foreground[1]!.release();
  assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
  for (const call of background) (await call).release();
});

suite("a first waiter who may not use the free permit", () => {
  const options = { capacity: 2, reserved, agingMs: 1000 };

  test("does not hold up a later one who may", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { ...options, clock });
    const order = new ServiceOrder(gate);
    const background = await gate.acquire();
    const foreground = await gate.acquire({ priority: FOREGROUND });
    const aged = order.join("aged background");
    clock.advance(5000);
    const late = order.join("late foreground", { priority: FOREGROUND });
    assert.deepEqual(
      gate.snapshot().waiters.map(({ label }) => label),
      ["aged background", "late foreground"],
    );
    foreground.release();
    await late;
    background.release();
    await aged;
    assert.deepEqual(order.names, ["late foreground", "aged background"]);
  });

  test("does not let a newcomer overtake another who may", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { ...options, clock });
    const background = await gate.acquire();
    const foreground = await gate.acquire({ priority: FOREGROUND });
    const waiting = [gate.acquire(), gate.acquire({ priority: FOREGROUND })] as const;
    foreground.release();
    assert.equal(gate.tryAcquire({ priority: FOREGROUND }), undefined);
    (await waiting[1]).release();
    const free = gate.tryAcquire({ priority: FOREGROUND });
    assert.equal(free?.released, false);
    free?.release();
    background.release();
    (await waiting[0]).release();
  });

  test("leaves nobody stuck when it is cancelled", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved });
    const background = await gate.acquire();
    const controller = new AbortController();
    const first = assert.rejects(gate.acquire({ priority: 50, signal: controller.signal }), { name: "AbortError" });
    const second = gate.acquire({ priority: 60 });
    controller.abort();
    await first;
    background.release();
    (await second).release();
  });
});

test("when both may run, the order decides and not the reservation", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { capacity: 1, reserved: { permits: 0, priority: FOREGROUND }, agingMs: 1000, clock });
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const aged = order.join("aged background");
  clock.advance(5000);
  const fresh = order.join("fresh foreground", { priority: FOREGROUND });
  holder.release();
  await Promise.all([aged, fresh]);
  assert.deepEqual(order.names, ["aged background", "fresh foreground"]);
});

suite("a reservation of every permit", () => {
  test("keeps the background waiting and lets the foreground run", async (t) => {
    const gate = testGate(t, { capacity: 1, reserved });
    const background = gate.acquire();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 1 });
    await gate.run(() => assert.equal(gate.waiting, 1), { priority: FOREGROUND });
    gate.resize(2);
    (await background).release();
  });

  test("is named by the time-out of a waiter behind it", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { capacity: 1, reserved, clock });
    const call = assert.rejects(gate.acquire({ timeoutMs: 10 }), {
      code: "queue_timeout",
      message: /0 of 1 permits held, 1 reserved/,
    });
    clock.advance(10);
    await call;
  });
});

suite("with a reservation, a resize", () => {
  test("that grows the gate lets the background have the new permits", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved });
    const holder = await gate.acquire();
    const waiting = [gate.acquire(), gate.acquire()];
    gate.resize(3);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 2, waiting: 1 });
    holder.release();
    for (const call of waiting) (await call).release();
  });

  test("that shrinks it below what the background holds admits no background, and foreground once there is room", async (t) => {
    const gate = testGate(t, { capacity: 3, reserved });
    const background = [gate.tryAcquire()!, gate.tryAcquire()!];
    gate.resize(2);
    const foreground = gate.acquire({ priority: FOREGROUND });
    const waiting = gate.acquire();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 2, waiting: 2 });
    background[0]!.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 2, waiting: 1 });
    background[1]!.release();
    (await waiting).release();
    (await foreground).release();
  });
});

suite("reserve", () => {
  test("with fewer permits lets the background have the rest within the call", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved: { permits: 2, priority: FOREGROUND } });
    const dispatched: string[] = [];
    gate.on("dispatch", ({ label }) => dispatched.push(label ?? ""));
    const calls = [gate.acquire({ label: "a" }), gate.acquire({ label: "b" })];
    gate.reserve(1);
    assert.deepEqual(dispatched, ["a"]);
    gate.reserve(0);
    assert.deepEqual(dispatched, ["a", "b"]);
    for (const call of calls) (await call).release();
  });

  test("with more permits revokes nothing, and lets no background in until enough came back", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved: { permits: 0, priority: FOREGROUND } });
    const background = [gate.tryAcquire()!, gate.tryAcquire()!];
    gate.reserve(1);
    assert.equal(gate.held, 2);
    const waiting = gate.acquire();
    background[0]!.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    background[1]!.release();
    (await waiting).release();
  });

  test("is refused on a gate without a reservation, and for an unusable number", (t) => {
    assert.throws(() => testGate(t).reserve(1), { name: "TypeError", message: /reserve/ });
    const gate = testGate(t, { reserved });
    assert.throws(() => gate.reserve(NaN), { name: "TypeError", message: /permits.*NaN/ });
    assert.throws(() => gate.reserve(-1), { name: "RangeError", message: /permits.*-1/ });
    assert.throws(() => gate.reserve(0.5), { name: "RangeError", message: /permits.*0\.5/ });
  });
});

test("heldWithin counts the permits held by those whom the reservation is for", (t) => {
  const gate = testGate(t, { capacity: 3, reserved });
  const permits = [gate.tryAcquire()!, gate.tryAcquire({ priority: FOREGROUND })!, gate.tryAcquire({ priority: -1 })!];
  assert.deepEqual({ held: gate.held, heldWithin: gate.heldWithin }, { held: 3, heldWithin: 2 });
  for (const permit of permits) permit.release();
  assert.equal(gate.heldWithin, 0);
  assert.equal(testGate(t).heldWithin, 0);
});

test("an unusable reservation is refused by name and value", () => {
  const gate = (permits: unknown, priority: unknown) => (): Gate =>
    new Gate({ reserved: { permits: permits as number, priority: priority as number } });
  assert.throws(gate(NaN, 0), { name: "TypeError", message: /reserved\.permits.*NaN/ });
  assert.throws(gate(-1, 0), { name: "RangeError", message: /reserved\.permits.*-1/ });
  assert.throws(gate(1.5, 0), { name: "RangeError", message: /reserved\.permits.*1\.5/ });
  assert.throws(gate(1, "high"), { name: "TypeError", message: /reserved\.priority.*got high \(string\)/ });
  assert.throws(gate(1, Infinity), { name: "RangeError", message: /reserved\.priority.*Infinity/ });
});

test("raised into the reservation, a waiter runs at once", async (t) => {
  const gate = testGate(t, { capacity: 2, reserved });
  const holder = await gate.acquire();
  let id = "";
  const call = gate.acquire({ onEnqueue: (given) => (id = given) });
  assert.equal(gate.waiting, 1);
  assert.equal(gate.reprioritise(id, FOREGROUND), true);
  assert.deepEqual({ held: gate.held, heldWithin: gate.heldWithin }, { held: 2, heldWithin: 1 });
  (await call).release();
  assert.equal(BACKGROUND, holder.priority);
  holder.release();
});
