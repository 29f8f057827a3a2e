import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, Priority, type GateEvent } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

const FIVE_MINUTES = 300_000;
/** A sweep may come a twentieth of the threshold late. */
const AT_LATEST = FIVE_MINUTES * 1.05;

function warningsOf(gate: Gate): GateEvent<"starvation">[] {
  const warnings: GateEvent<"starvation">[] = [];
  gate.on("starvation", (event) => warnings.push(event));
  return warnings;
}

suite("a starving waiter", () => {
  test("raises a warning after five minutes while it waits, not at its dispatch", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, name: "gpu" });
    const warnings = warningsOf(gate);
    const holder = await gate.acquire();
    const call = gate.acquire({ label: "digest" });
    clock.advance(FIVE_MINUTES - 1);
    assert.equal(warnings.length, 0);
    clock.advance(AT_LATEST - FIVE_MINUTES + 1);
    assert.equal(warnings.length, 1);
    const { oldest, ...rest } = warnings[0]!;
    assert.deepEqual(rest, {
      type: "starvation",
      gate: "gpu",
      held: 1,
      waiting: 1,
      count: 1,
      thresholdMs: FIVE_MINUTES,
    });
    assert.deepEqual([oldest.id, oldest.label, oldest.priority], ["2", "digest", Priority.BACKGROUND]);
    assert.ok(oldest.waitedMs >= FIVE_MINUTES);
    holder.release();
    (await call).release();
    assert.equal(warnings.length, 1);
  });

  test("is warned of once, however long it goes on waiting", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const holder = await gate.acquire();
    const call = gate.acquire();
    clock.advance(10 * FIVE_MINUTES);
    assert.equal(warnings.length, 1);
    holder.release();
    (await call).release();
  });

  test("is not moved by the warning", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    warningsOf(gate);
    const holder = await gate.acquire();
    const calls = [
      gate.acquire({ label: "a" }),
      gate.acquire({ label: "b", priority: 0 }),
      gate.acquire({ label: "c" }),
    ];
    const line = (): unknown => gate.snapshot().waiters.map(({ label }) => label);
    clock.advance(2 * FIVE_MINUTES);
    assert.deepEqual(line(), ["b", "a", "c"]);
    holder.release();
    await Promise.all(calls.map(async (call) => (await call).release()));
  });
});

suite("the warning", () => {
  test("counts all who starve since the last one and names the one that has waited longest", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const holder = await gate.acquire();
    const calls = [gate.acquire({ label: "oldest", priority: 200 })];
    clock.advance(FIVE_MINUTES / 100);
    calls.push(gate.acquire({ label: "soonest", priority: 0 }), gate.acquire({ label: "third" }));
    clock.advance(AT_LATEST);
    calls.push(gate.acquire({ label: "late" }));
    assert.equal(
      warnings.reduce((sum, { count }) => sum + count, 0),
      3,
    );
    assert.equal(warnings[0]!.oldest.label, "oldest");
    clock.advance(AT_LATEST);
    assert.deepEqual([warnings.at(-1)!.count, warnings.at(-1)!.oldest.label], [1, "late"]);
    holder.release();
    await Promise.all(calls.map(async (call) => (await call).release()));
  });

  test("comes from one timer for any number of waiters, which keeps no process alive", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const holder = await gate.acquire();
    const calls = Array.from({ length: 1000 }, () => gate.acquire());
    assert.deepEqual(clock.pending, { all: 1, keepAlive: 0 });
    clock.advance(AT_LATEST);
    assert.deepEqual(clock.pending, { all: 1, keepAlive: 0 });
    assert.deepEqual(
      warnings.map(({ count }) => count),
      [1000],
    );
    holder.release();
    await Promise.all(calls.map(async (call) => (await call).release()));
    assert.equal(clock.pending.all, 0);
  });

  test("needs no timer while nobody waits, and finds whoever waits after that", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const controller = new AbortController();
    const holder = await gate.acquire();
    assert.equal(clock.pending.all, 0);
    const left = assert.rejects(gate.acquire({ signal: controller.signal }));
    controller.abort();
    await left;
    clock.advance(FIVE_MINUTES);
    assert.equal(clock.pending.all, 0);
    const later = gate.acquire({ label: "later" });
    clock.advance(AT_LATEST);
    assert.deepEqual(
      warnings.map(({ oldest }) => oldest.label),
      ["later"],
    );
    holder.release();
    (await later).release();
  });

  test("leaves out whoever ran or left in time", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const controller = new AbortController();
    const holder = await gate.acquire();
    const ran = gate.acquire();
    const left = assert.rejects(gate.acquire({ signal: controller.signal }));
    const stays = gate.acquire({ label: "stays" });
    clock.advance(FIVE_MINUTES - 1000);
    controller.abort();
    holder.release();
    const next = await ran;
    clock.advance(AT_LATEST);
    assert.deepEqual(
      warnings.map(({ count, oldest }) => [count, oldest.label]),
      [[1, "stays"]],
    );
    next.release();
    (await stays).release();
    await left;
  });

  test("counts the wait of a parked call from its park", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const warnings = warningsOf(gate);
    const permit = await gate.acquire({ label: "parked" });
    clock.advance(10 * FIVE_MINUTES);
    const person = gate.acquire({ priority: Priority.FOREGROUND });
    const parked = permit.yield();
    clock.advance(FIVE_MINUTES - 1);
    assert.equal(warnings.length, 0);
    clock.advance(AT_LATEST - FIVE_MINUTES + 1);
    assert.deepEqual(
      warnings.map(({ oldest }) => oldest.label),
      ["parked"],
    );
    (await person).release();
    await parked;
    permit.release();
  });

  test("comes at the threshold of the gate, and never at Infinity", async (t) => {
    for (const [starvationWarnMs, expected] of [
      [1000, 1],
      [Infinity, 0],
    ] as const) {
      const clock = new ManualClock();
      const gate = testGate(t, { clock, starvationWarnMs });
      const warnings = warningsOf(gate);
      const holder = await gate.acquire();
      const call = gate.acquire();
      clock.advance(1050);
      clock.advance(FIVE_MINUTES);
      assert.equal(warnings.length, expected);
      holder.release();
      (await call).release();
    }
  });

  test("goes to the console when nobody listens, so that it is not lost", async (t) => {
    const warn = t.mock.method(console, "warn", () => undefined).mock;
    const clock = new ManualClock();
    const gate = testGate(t, { clock, name: "gpu" });
    const stop = gate.on("starvation", () => undefined);
    const holder = await gate.acquire();
    const calls = [gate.acquire()];
    clock.advance(AT_LATEST);
    assert.equal(warn.callCount(), 0);
    stop();
    calls.push(gate.acquire());
    clock.advance(AT_LATEST);
    assert.equal(warn.callCount(), 1);
    const [message, event] = warn.calls[0]!.arguments as [string, GateEvent<"starvation">];
    assert.match(message, /^headgate: starvation .*"gpu"/);
    assert.deepEqual([event.count, event.oldest.priority], [1, 100]);
    holder.release();
    for (const call of calls) (await call).release();
  });
});

test("an unusable threshold is refused by name and value", () => {
  assert.throws(() => new Gate({ starvationWarnMs: NaN }), {
    name: "TypeError",
    message: /^starvationWarnMs must be a number above 0; got NaN/,
  });
  for (const starvationWarnMs of [0, -1]) {
    assert.throws(() => new Gate({ starvationWarnMs }), { name: "RangeError", message: /^starvationWarnMs/ });
  }
});
