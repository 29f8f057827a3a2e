import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { withPriority } from "../../src/client/ambient-priority.ts";
import type * as Mlx from "../../src/client/mlx.ts";
import { acquireMlxGate, getMlxGate, mlxGate, resetMlxGate } from "../../src/client/mlx.ts";
import { Priority } from "../../src/gate/index.ts";
import { assertIdle } from "../support/idle-gate.ts";
import { SecondCopy } from "../support/second-copy.ts";

afterEach(() => {
  assertIdle(mlxGate());
  resetMlxGate();
});

test("one permit per process: both forms wait for each other", async () => {
  const order: string[] = [];
  const first = await getMlxGate();
  const second = acquireMlxGate().then((permit) => (order.push("second"), permit));
  const third = getMlxGate().then((hold) => (order.push("third"), hold));
  assert.deepEqual([mlxGate().capacity, mlxGate().held, mlxGate().waiting], [1, 1, 2]);
  order.push("first ends");
  first[Symbol.dispose]();
  (await second).release();
  (await third)[Symbol.dispose]();
  assert.deepEqual(order, ["first ends", "second", "third"]);
});

test("the legacy form has dispose and nothing else: no release, no yield", async () => {
  const hold = await getMlxGate();
  assert.deepEqual(Reflect.ownKeys(hold), [Symbol.dispose]);
  assert.equal(Object.getPrototypeOf(hold), Object.prototype);
  assert.equal("release" in hold || "yield" in hold || "signal" in hold, false);
  hold[Symbol.dispose]();
});

test("disposing of the legacy form twice gives back one permit", async () => {
  const hold = await getMlxGate();
  const next = acquireMlxGate();
  const last = acquireMlxGate();
  hold[Symbol.dispose]();
  hold[Symbol.dispose]();
  const permit = await next;
  assert.deepEqual([mlxGate().held, mlxGate().waiting], [1, 1]);
  permit.release();
  (await last).release();
});

test("`using` gives the permit back at the end of the block, and when it throws", async () => {
  {
    using _ = await getMlxGate();
    assert.equal(mlxGate().held, 1);
  }
  assert.equal(mlxGate().held, 0);
  const failing = async (): Promise<void> => {
    using _ = await acquireMlxGate(Priority.FOREGROUND);
    throw new Error("model failed");
  };
  await assert.rejects(failing, /model failed/);
});

test("the legacy form queues as background, whatever the context says", async () => {
  const blocker = await acquireMlxGate();
  const legacy = withPriority(Priority.FOREGROUND, () => getMlxGate());
  const foreground = acquireMlxGate(Priority.FOREGROUND);
  assert.deepEqual(
    mlxGate()
      .snapshot()
      .waiters.map((waiter) => waiter.priority),
    [0, 100],
  );
  blocker.release();
  (await foreground).release();
  (await legacy)[Symbol.dispose]();
});

test("its successor takes the priority given, else the ambient one, else background", async () => {
  const priorities: number[] = [];
  for (const acquire of [
    () => acquireMlxGate(5),
    () => withPriority(50, () => acquireMlxGate(5)),
    () => withPriority(50, () => acquireMlxGate()),
    () => acquireMlxGate(),
  ]) {
    using permit = await acquire();
    priorities.push(permit.priority);
  }
  assert.deepEqual(priorities, [5, 5, 50, 100]);
});

test("what is no priority throws at once", () => {
  assert.throws(() => acquireMlxGate(Number.NaN), { name: "TypeError", message: /priority/ });
});

test("two copies of the package share one gate", async () => {
  using copy = new SecondCopy();
  const other = await copy.load<typeof Mlx>("client/mlx.ts");
  assert.notEqual(other.mlxGate, mlxGate);
  const permit = await acquireMlxGate();
  const elsewhere = other.getMlxGate();
  assert.equal(other.mlxGate(), mlxGate());
  assert.equal(mlxGate().waiting, 1);
  permit.release();
  (await elsewhere)[Symbol.dispose]();
});

test("a reset makes a fresh gate, ends who waits with code closed, and leaves nothing hanging", async () => {
  const before = mlxGate();
  const holder = await acquireMlxGate();
  const waiter = getMlxGate();
  resetMlxGate();
  await assert.rejects(waiter, { name: "GateError", code: "closed" });
  const fresh = await acquireMlxGate();
  assert.notEqual(mlxGate(), before);
  holder.release();
  assert.equal(mlxGate().held, 1);
  fresh.release();
  assertIdle(before);
});

test("a reset without a gate does nothing", () => {
  resetMlxGate();
  resetMlxGate();
});
