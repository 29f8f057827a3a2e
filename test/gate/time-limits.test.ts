import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, systemClock, type GateError } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

suite("a time limit", () => {
  test("ends the wait when it runs out, not when a permit comes free", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, name: "busy" });
    const holder = await gate.acquire();
    const call = assert.rejects(gate.acquire({ timeoutMs: 100, label: "report" }), {
      name: "GateError",
      code: "queue_timeout",
      stage: "evicted",
      waitedMs: 100,
      waiting: 0,
      message: /gate "busy": report \(priority 100, evicted after 100 ms\): 1 of 1 permits held/,
    });
    clock.advance(99);
    assert.equal(gate.waiting, 1);
    clock.advance(1);
    assert.equal(gate.waiting, 0);
    await call;
    assert.equal(holder.release(), true);
  });

  test("says nothing about how long a permit is held", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const free = await gate.acquire({ timeoutMs: 10 });
    const queued = gate.acquire({ timeoutMs: 10 });
    free.release();
    const permit = await queued;
    clock.advance(1000);
    assert.equal(permit.released, false);
    assert.equal(clock.pending.keepAlive, 0);
    permit.release();
  });

  test("of 0 takes a free permit, and otherwise ends in the next turn of the clock", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire({ timeoutMs: 0 });
    const call = assert.rejects(gate.acquire({ timeoutMs: 0 }), { code: "queue_timeout", waitedMs: 0 });
    assert.equal(gate.waiting, 1);
    clock.advance(0);
    await call;
    holder.release();
  });

  test("of Infinity, or undefined, is none and sets no timer", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const calls = [gate.acquire({ timeoutMs: Infinity }), gate.acquire({ timeoutMs: undefined })];
    assert.equal(clock.pending.keepAlive, 0);
    holder.release();
    for (const call of calls) (await call).release();
  });

  for (const [name, timeoutMs] of [
    ["just over 2^31 - 1", 2 ** 31],
    ["of two years", 2 * 365 * 24 * 3600 * 1000],
  ] as const) {
    test(`${name} milliseconds does not run out at once, as a bare timer would`, async (t) => {
      const clock = new ManualClock();
      const gate = testGate(t, { clock, starvationWarnMs: Infinity });
      const holder = await gate.acquire();
      const call = assert.rejects(gate.acquire({ timeoutMs }), { code: "queue_timeout", waitedMs: timeoutMs });
      clock.jump(1);
      clock.jump(timeoutMs - 2);
      assert.equal(gate.waiting, 1);
      clock.jump(1);
      assert.equal(gate.waiting, 0);
      await call;
      holder.release();
    });
  }

  test("that a pause of the whole process overslept runs out once, at waking", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const ends: unknown[] = [];
    gate.on("evict", ({ label, waitedMs }) => ends.push([label, waitedMs]));
    gate.on("starvation", () => undefined);
    const calls = [
      assert.rejects(gate.acquire({ timeoutMs: 10, label: "a" })),
      assert.rejects(gate.acquire({ timeoutMs: 5, label: "b" })),
    ];
    clock.jump(3_600_000);
    await Promise.all(calls);
    assert.deepEqual(ends, [
      ["b", 3_600_000],
      ["a", 3_600_000],
    ]);
    holder.release();
  });

  test("is not shortened by a clock that steps back", async (t) => {
    const clock = new ManualClock();
    clock.jump(1000);
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const call = assert.rejects(gate.acquire({ timeoutMs: 100 }), ({ waitedMs }: GateError) => waitedMs >= 100);
    clock.jump(-500);
    clock.advance(100);
    assert.equal(gate.waiting, 1);
    clock.advance(1000);
    await call;
    holder.release();
  });

  test("that is no number, or negative, is refused by the call", (t) => {
    const gate = testGate(t);
    const holder = gate.tryAcquire();
    for (const timeoutMs of [NaN, "10", null]) {
      const options = { timeoutMs: timeoutMs as number };
      assert.throws(() => gate.acquire(options), {
        name: "TypeError",
        message: /^timeoutMs must be a number from 0; got/,
      });
    }
    for (const timeoutMs of [-1, -Infinity]) {
      assert.throws(() => gate.acquire({ timeoutMs }), {
        name: "RangeError",
        message: /^timeoutMs must be a number from 0; got -/,
      });
    }
    assert.equal(gate.waiting, 0);
    holder?.release();
  });
});

suite("many time limits", () => {
  test("share one timer, and each ends its own call", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, starvationWarnMs: Infinity });
    const holder = await gate.acquire();
    const limits = Array.from({ length: 1000 }, (_, n) => 1 + ((n * 7919) % 1000));
    const ended: number[] = [];
    const calls = limits.map(async (timeoutMs) => {
      await assert.rejects(gate.acquire({ timeoutMs }), { code: "queue_timeout", waitedMs: timeoutMs });
      ended.push(timeoutMs);
    });
    assert.equal(clock.pending.keepAlive, 1);
    clock.advance(500);
    assert.equal(gate.waiting, 500);
    clock.advance(500);
    await Promise.all(calls);
    assert.deepEqual(
      ended,
      limits.toSorted((a, b) => a - b),
    );
    holder.release();
  });

  test("leave no timer once their calls were granted", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const calls = Array.from({ length: 100 }, (_, n) => gate.run(() => undefined, { timeoutMs: 100 + n }));
    holder.release();
    await Promise.all(calls);
    assert.equal(clock.pending.all, 0);
  });
});

test("a time limit keeps the process alive, the watch over waiters does not", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { clock });
  const holder = await gate.acquire();
  const unlimited = gate.acquire();
  assert.deepEqual(clock.pending, { all: 1, keepAlive: 0 });
  const limited = gate.acquire({ timeoutMs: 10 });
  assert.deepEqual(clock.pending, { all: 2, keepAlive: 1 });
  holder.release();
  for (const call of [unlimited, limited]) (await call).release();
});

test("on the platform's own clock a time limit runs out too", async () => {
  const gate = new Gate({ clock: systemClock });
  const holder = await gate.acquire();
  await assert.rejects(gate.acquire({ timeoutMs: 1 }), { code: "queue_timeout" });
  holder.release();
  assert.deepEqual([gate.held, gate.waiting], [0, 0]);
});

suite("an acquire inside run at capacity 1", () => {
  test("ends by its time limit, with an error that names the likely self-deadlock and the remedy", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    await gate.run(async () => {
      const inner = assert.rejects(gate.acquire({ timeoutMs: 50 }), {
        code: "queue_timeout",
        message: /waits for itself \(self-deadlock\): pass that permit on/,
      });
      clock.advance(50);
      await inner;
    });
  });

  test("does not hold up anybody once it ended", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const order = new ServiceOrder(gate);
    const outer = gate.run(async () => {
      const inner = order.join("inner", { timeoutMs: 50 });
      clock.advance(50);
      await inner;
    });
    const next = order.join("next");
    await assert.rejects(outer, { code: "queue_timeout" });
    await next;
    assert.deepEqual(order.names, ["next"]);
  });

  test("is not suspected when permits came free meanwhile and went to others", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const sooner = gate.acquire({ priority: 0 });
    const call = assert.rejects(gate.acquire({ timeoutMs: 50 }), (error: GateError) => {
      assert.doesNotMatch(error.message, /deadlock/);
      return error.code === "queue_timeout";
    });
    clock.advance(10);
    holder.release();
    const permit = await sooner;
    clock.advance(40);
    await call;
    permit.release();
  });
});
