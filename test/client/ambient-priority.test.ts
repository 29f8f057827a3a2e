import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type * as Ambient from "../../src/client/ambient-priority.ts";
import { ambientPriority, priorityFromContext, withPriority } from "../../src/client/ambient-priority.ts";
import { DEFAULT_PRIORITY, Gate, Priority, type Permit } from "../../src/gate/index.ts";
import { assertIdle } from "../support/idle-gate.ts";
import { SecondCopy } from "../support/second-copy.ts";

/** Takes the priority of a call that gives `priority`, at a gate that asks the context. */
async function priorityAt(gate: Gate, priority?: number): Promise<number> {
  using permit: Permit = await gate.acquire({ priority });
  return permit.priority;
}

test("outside of any withPriority there is none, and a gate falls back", async () => {
  assert.equal(ambientPriority(), undefined);
  const gate = new Gate({ defaultPriority: priorityFromContext() });
  assert.equal(await priorityAt(gate), DEFAULT_PRIORITY);
  assert.equal(await priorityAt(new Gate({ defaultPriority: priorityFromContext(50) })), 50);
  assertIdle(gate);
});

test("explicit beats ambient beats the default", async () => {
  const gate = new Gate({ defaultPriority: priorityFromContext() });
  await withPriority(Priority.FOREGROUND, async () => {
    assert.equal(await priorityAt(gate), 0);
    assert.equal(await priorityAt(gate, 70), 70);
  });
  assertIdle(gate);
});

test("it follows the call across await, timers, immediates and microtasks", async () => {
  const seen: unknown[] = [];
  await withPriority(7, async () => {
    await Promise.resolve();
    seen.push(ambientPriority());
    await pause(0);
    seen.push(ambientPriority());
    await nextTurn();
    seen.push(ambientPriority());
    await new Promise<void>((resolve) =>
      queueMicrotask(() => {
        seen.push(ambientPriority());
        resolve();
      }),
    );
  });
  assert.deepEqual(seen, [7, 7, 7, 7]);
});

test("it ends with the call, for the caller and for what goes on beside it", async () => {
  const beside = new EventEmitter();
  const heard: unknown[] = [];
  const inside = withPriority(7, async () => {
    await nextTurn();
    return ambientPriority();
  });
  beside.on("call", () => heard.push(ambientPriority()));
  assert.equal(ambientPriority(), undefined);
  beside.emit("call");
  assert.equal(await inside, 7);
  assert.equal(ambientPriority(), undefined);
  assert.deepEqual(heard, [undefined]);
});

test("an inner withPriority covers the outer one, and only while it runs", async () => {
  await withPriority(10, async () => {
    await withPriority(20, async () => {
      await nextTurn();
      assert.equal(ambientPriority(), 20);
    });
    assert.equal(ambientPriority(), 10);
  });
});

test("concurrent calls do not mix, and a waiter dispatched by another's release keeps its own", async () => {
  const gate = new Gate({ defaultPriority: priorityFromContext() });
  const call = (priority: number): Promise<[number, number | undefined]> =>
    withPriority(priority, () => gate.run(async (permit) => (await nextTurn(), [permit.priority, ambientPriority()])));
  const all = await Promise.all([3, 1, 2].map(call));
  assert.deepEqual(all, [
    [3, 3],
    [1, 1],
    [2, 2],
  ]);
  assertIdle(gate);
});

test("what the function returns and throws passes through", () => {
  const failure = new Error("failure");
  assert.equal(
    withPriority(1, () => "value"),
    "value",
  );
  assert.throws(
    () =>
      withPriority(1, () => {
        throw failure;
      }),
    (error) => error === failure,
  );
  assert.equal(ambientPriority(), undefined);
});

test("what is no priority throws at once, and the function is not called", () => {
  const never = (): never => assert.fail("called");
  assert.throws(() => withPriority(Number.NaN, never), { name: "TypeError", message: /priority/ });
  assert.throws(() => withPriority(Infinity, never), { name: "RangeError", message: /priority/ });
  assert.throws(() => withPriority("foreground" as unknown as number, never), {
    name: "TypeError",
    message: /foreground \(string\)/,
  });
  assert.throws(() => priorityFromContext(Number.NaN), { name: "TypeError", message: /priority/ });
});

test("two copies of the package share it", async () => {
  using copy = new SecondCopy();
  const other = await copy.load<typeof Ambient>("client/ambient-priority.ts");
  assert.notEqual(other.ambientPriority, ambientPriority);
  assert.equal(
    withPriority(5, () => other.ambientPriority()),
    5,
  );
  assert.equal(
    other.withPriority(6, () => ambientPriority()),
    6,
  );
});
