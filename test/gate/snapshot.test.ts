import assert from "node:assert/strict";
import { test } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

test("a snapshot of an idle gate says so", (t) => {
  const gate = testGate(t, { name: "gpu", capacity: 2 });
  assert.deepEqual(gate.snapshot(), {
    gate: "gpu",
    state: "open",
    capacity: 2,
    held: 0,
    waiting: 0,
    holders: [],
    waiters: [],
  });
});

test("a snapshot shows everyone at the gate: holders by grant, waiters by order, with their times", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { name: "gpu", capacity: 2, clock });
  const first = await gate.acquire({ label: "first" });
  clock.advance(10);
  const willing = await gate.acquire({ preemptible: true, priority: 60 });
  const person = gate.acquire({ priority: Priority.FOREGROUND, label: "person" });
  const parked = willing.yield();
  clock.advance(5);
  const calls = [gate.acquire({ label: "digest" }), gate.acquire({ priority: 50 })];
  clock.advance(1);
  gate.pause();
  assert.deepEqual(gate.snapshot(), {
    gate: "gpu",
    state: "paused",
    capacity: 2,
    held: 2,
    waiting: 3,
    holders: [
      { id: "1", priority: 100, label: "first", heldMs: 16, waitedMs: 0, preemptible: false, parkRequested: false },
      { id: "3", priority: 0, label: "person", heldMs: 6, waitedMs: 0, preemptible: false, parkRequested: false },
    ],
    waiters: [
      { id: "5", priority: 50, label: undefined, position: 1, waitedMs: 1, parked: false },
      { id: "2", priority: 60, label: undefined, position: 2, waitedMs: 6, parked: true },
      { id: "4", priority: 100, label: "digest", position: 3, waitedMs: 1, parked: false },
    ],
  });
  gate.unpause();
  first.release();
  (await person).release();
  for (const call of calls.toReversed()) (await call).release();
  await parked;
  willing.release();
});

test("a snapshot shows every waiter once, on both sides of a reservation, in one order", async (t) => {
  const gate = testGate(t, { capacity: 0, reserved: { permits: 1, priority: 10 } });
  const priorities = [100, 5, 50, 10, 0, 100, 11, 50];
  const calls = Promise.allSettled(priorities.map((priority) => gate.acquire({ priority })));
  const { waiters, waiting } = gate.snapshot();
  assert.equal(waiting, priorities.length);
  assert.deepEqual(
    waiters.map(({ priority }) => priority),
    priorities.toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    waiters.map(({ position }) => position),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  gate.close();
  await calls;
});

test("a snapshot is plain data: it survives JSON, and later changes do not reach it", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire({ label: "holder" });
  const call = gate.acquire({ label: "waiter" });
  const snapshot = gate.snapshot();
  const copy: unknown = JSON.parse(JSON.stringify(snapshot));
  holder.release();
  (await call).release();
  assert.deepEqual(snapshot, copy);
});

test("taking a snapshot changes nothing", async (t) => {
  const gate = testGate(t);
  gate.on("*", ({ type }) => assert.equal(type, "dispatch"));
  const holder = await gate.acquire();
  assert.deepEqual(gate.snapshot(), gate.snapshot());
  assert.equal(gate.held, 1);
  gate.on("release", () => undefined);
  assert.equal(holder.released, false);
  assert.equal(gate.state, "open");
  queueMicrotask(() => holder.release());
  await Promise.resolve();
});
