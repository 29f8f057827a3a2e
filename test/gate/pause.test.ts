import assert from "node:assert/strict";
import { test } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

test("a paused gate queues everybody, also beside a free permit, and unpause lets them run in order", async (t) => {
  const gate = testGate(t, 2);
  const order = new ServiceOrder(gate);
  gate.pause();
  assert.equal(gate.state, "paused");
  const calls = [order.join("a"), order.join("b"), order.join("person", { priority: Priority.FOREGROUND })];
  assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 3 });
  gate.unpause();
  assert.equal(gate.state, "open");
  await Promise.all(calls);
  assert.deepEqual(order.names, ["person", "a", "b"]);
});

test("a pause leaves holders alone: they hold, and may release", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const waiting = order.join("waiting");
  gate.pause();
  assert.equal(holder.released, false);
  holder.release();
  assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 1 });
  gate.unpause();
  await waiting;
});

test("waiters of a paused gate can leave by abort, time-out and id", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { clock });
  gate.pause();
  const controller = new AbortController();
  let id = "";
  const ends = [
    assert.rejects(gate.acquire({ signal: controller.signal }), { name: "AbortError" }),
    assert.rejects(gate.acquire({ timeoutMs: 5 }), { code: "queue_timeout", message: /gate paused/ }),
    assert.rejects(gate.acquire({ onEnqueue: (given) => (id = given) }), { code: "cancelled" }),
  ];
  controller.abort();
  clock.advance(5);
  gate.cancel(id);
  assert.equal(gate.waiting, 0);
  await Promise.all(ends);
});

test("pausing twice needs one unpause, and both are no-ops where they change nothing", (t) => {
  const gate = testGate(t);
  const states: string[] = [];
  gate.on("state", ({ state }) => states.push(state));
  gate.unpause();
  gate.pause();
  gate.pause();
  gate.unpause();
  gate.unpause();
  assert.deepEqual(states, ["paused", "open"]);
});

test("a draining or closed gate is neither paused nor reopened", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const drained = gate.drain();
  gate.pause();
  assert.equal(gate.state, "draining");
  gate.unpause();
  assert.equal(gate.state, "draining");
  holder.release();
  await drained;
  gate.pause();
  gate.unpause();
  assert.equal(gate.state, "closed");
});
