/** The scenarios of the gate this one began as; they hold to the letter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { acquireMlxGate, getMlxGate, mlxGate, resetMlxGate } from "../../src/client/mlx.ts";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND, BACKGROUND } = Priority;

test("within one priority, calls run in the order of their arrival", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const calls = ["first", "second", "third", "fourth"].map((name) => order.join(name, { priority: BACKGROUND }));
  holder.release();
  await Promise.all(calls);
  assert.deepEqual(order.names, ["first", "second", "third", "fourth"]);
});

test("a foreground call that comes last runs before five waiting background calls", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const background = [1, 2, 3, 4, 5].map((n) => order.join(`background ${n}`));
  const foreground = order.join("foreground", { priority: FOREGROUND });
  holder.release();
  await Promise.all([foreground, ...background]);
  assert.deepEqual(order.names, [
    "foreground",
    "background 1",
    "background 2",
    "background 3",
    "background 4",
    "background 5",
  ]);
});

test("a running background call is not interrupted: the foreground waits for its end", async (t) => {
  const gate = testGate(t);
  const events: string[] = [];
  const work = Promise.withResolvers<void>();
  const background = gate.run(async (permit) => {
    events.push("background starts");
    await work.promise;
    events.push(`background ends, asked to stop: ${permit.signal.aborted}`);
  });
  const foreground = gate.run(() => void events.push("foreground"), { priority: FOREGROUND });
  await nextTurn();
  assert.deepEqual(events, ["background starts"]);
  work.resolve();
  await Promise.all([background, foreground]);
  assert.deepEqual(events, ["background starts", "background ends, asked to stop: false", "foreground"]);
});

test("of a mixed crowd behind a holder the foreground runs first, and each class in its own order", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const crowd = [
    order.join("background 1", { priority: BACKGROUND }),
    order.join("foreground 1", { priority: FOREGROUND }),
    order.join("background 2", { priority: BACKGROUND }),
    order.join("foreground 2", { priority: FOREGROUND }),
    order.join("background 3", { priority: BACKGROUND }),
  ];
  assert.equal(gate.waiting, 5);
  holder.release();
  await Promise.all(crowd);
  assert.deepEqual(order.names, ["foreground 1", "foreground 2", "background 1", "background 2", "background 3"]);
});

test("the legacy form queues as background: a foreground call that came later overtakes it", async (t) => {
  resetMlxGate();
  t.after(resetMlxGate);
  const served: string[] = [];
  const holder = await acquireMlxGate();
  const legacy = (async () => {
    using _ = await getMlxGate();
    served.push("legacy");
  })();
  const foreground = (async () => {
    using _ = await acquireMlxGate(FOREGROUND);
    served.push("foreground");
  })();
  assert.deepEqual(
    mlxGate()
      .snapshot()
      .waiters.map(({ priority }) => priority),
    [FOREGROUND, BACKGROUND],
  );
  holder.release();
  await Promise.all([legacy, foreground]);
  assert.deepEqual(served, ["foreground", "legacy"]);
  assert.equal(mlxGate().held, 0);
});

test("a cancelled waiter is skipped and the gate is not stuck", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const controller = new AbortController();
  const cancelled = order.join("cancelled", { signal: controller.signal });
  const next = order.join("next");
  controller.abort();
  await assert.rejects(cancelled, { name: "AbortError" });
  holder.release();
  await next;
  await order.join("newcomer");
  assert.deepEqual(order.names, ["next", "newcomer"]);
});
