import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND, BACKGROUND } = Priority;

test("without aging the foreground always goes first, however long the background has waited", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { clock, starvationWarnMs: Infinity });
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const old = order.join("background");
  clock.jump(30 * 24 * 3600 * 1000);
  const fresh = order.join("foreground", { priority: FOREGROUND });
  holder.release();
  await Promise.all([old, fresh]);
  assert.deepEqual(order.names, ["foreground", "background"]);
});

suite("with aging", () => {
  test("a background call is overtaken by the foreground that came at most agingMs after it, and by no other", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const calls = [order.join("background")];
    for (const ms of [0, 500, 499, 1, 1, 1000]) {
      clock.advance(ms);
      calls.push(order.join(`foreground at ${clock.now()}`, { priority: FOREGROUND }));
    }
    holder.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, [
      "foreground at 0",
      "foreground at 500",
      "foreground at 999",
      "foreground at 1000",
      "background",
      "foreground at 1001",
      "foreground at 2001",
    ]);
  });

  test("a steady stream of foreground delays a background call by agingMs of arrivals and then no more", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    let holder = await gate.acquire({ priority: FOREGROUND });
    const background = order.join("background");
    let overtaken = 0;
    while (order.names.length === 0) {
      clock.advance(100);
      const next = gate.acquire({ priority: FOREGROUND });
      holder.release();
      holder = await next;
      overtaken++;
    }
    await background;
    assert.equal(overtaken, 11);
    holder.release();
  });

  test("precedence is in proportion to priority: half the distance, half the time", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const calls = [order.join("agent", { priority: 50 })];
    clock.advance(499);
    calls.push(order.join("person in time", { priority: FOREGROUND }));
    clock.advance(2);
    calls.push(order.join("person too late", { priority: FOREGROUND }));
    holder.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, ["person in time", "agent", "person too late"]);
  });

  test("equals keep first come, first served, also within one reading of the clock", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const names = ["a", "b", "c", "d", "e"];
    const calls = names.map((name, index) => {
      if (index === 3) clock.advance(0.1);
      return order.join(name);
    });
    holder.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, names);
  });

  test("a waiter's priority is never relabelled", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const holder = await gate.acquire();
    const call = gate.acquire();
    clock.advance(10_000);
    assert.deepEqual(
      gate.snapshot().waiters.map(({ priority }) => priority),
      [BACKGROUND],
    );
    holder.release();
    const permit = await call;
    assert.equal(permit.priority, BACKGROUND);
    permit.release();
  });

  test("nothing is re-scored: with time standing still or running, the same line is dispatched in the same order", async (t) => {
    const dispatched = await Promise.all(
      [0, 100_000].map(async (pauseMs) => {
        const clock = new ManualClock();
        const gate = testGate(t, { agingMs: 1000, clock, starvationWarnMs: Infinity });
        const order = new ServiceOrder(gate);
        const holder = await gate.acquire();
        const calls = [70, 0, 100, 30, 0, 100, 50].map((priority, index) => {
          clock.advance(150);
          return order.join(`${index}`, { priority });
        });
        clock.jump(pauseMs);
        holder.release();
        await Promise.all(calls);
        return order.names;
      }),
    );
    assert.deepEqual(dispatched[0], dispatched[1]);
  });

  test("a clock that steps back makes nobody older or younger", async (t) => {
    const clock = new ManualClock();
    clock.jump(10_000);
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const first = order.join("first");
    clock.jump(-9000);
    const second = order.join("second");
    assert.deepEqual(
      gate.snapshot().waiters.map(({ waitedMs }) => waitedMs),
      [0, 0],
    );
    holder.release();
    await Promise.all([first, second]);
    assert.deepEqual(order.names, ["first", "second"]);
  });

  test("a newcomer never overtakes by a free permit, however its key compares", (t) => {
    const gate = testGate(t, { agingMs: 1000 });
    const permit = gate.tryAcquire();
    assert.equal(gate.tryAcquire({ priority: -1e6 }), undefined);
    permit?.release();
  });
});

test("an unusable agingMs is refused by name and value", () => {
  for (const agingMs of [NaN, "1000"]) {
    assert.throws(() => new Gate({ agingMs: agingMs as number }), { name: "TypeError", message: /^agingMs.*/ });
  }
  for (const agingMs of [0, -1, Infinity]) {
    assert.throws(() => new Gate({ agingMs }), {
      name: "RangeError",
      message: new RegExp(`^agingMs.*got ${agingMs} \\(number\\)$`),
    });
  }
});
