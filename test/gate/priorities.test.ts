import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DEFAULT_PRIORITY, Gate, Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

test("smaller is sooner: the foreground is 0, the background 100 and the default", () => {
  assert.deepEqual({ ...Priority }, { FOREGROUND: 0, BACKGROUND: 100 });
  assert.equal(DEFAULT_PRIORITY, Priority.BACKGROUND);
  assert.ok(Object.isFrozen(Priority));
});

test("any finite numbers are priorities, in the order of their values", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const sorted = [
    -Number.MAX_VALUE,
    -(2 ** 40),
    -1,
    -0.5,
    0,
    Number.MIN_VALUE,
    1.25,
    1.5,
    100,
    2 ** 31,
    Number.MAX_VALUE,
  ];
  const shuffled = [3, 9, 0, 6, 10, 1, 7, 4, 2, 8, 5].map((index) => sorted[index]!);
  const calls = shuffled.map((priority) => order.join(String(priority), { priority }));
  holder.release();
  await Promise.all(calls);
  assert.deepEqual(order.names, sorted.map(String));
});

test("-0 is 0: both stand in one line, in the order of their arrival", async (t) => {
  const gate = testGate(t, { agingMs: 1000 });
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire({ priority: -0 });
  assert.ok(Object.is(holder.priority, 0));
  const calls = [
    order.join("first", { priority: 0 }),
    order.join("second", { priority: -0 }),
    order.join("third", { priority: 0 }),
  ];
  holder.release();
  await Promise.all(calls);
  assert.deepEqual(order.names, ["first", "second", "third"]);
});

suite("no order can hold", () => {
  const mistakes: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
    [NaN, TypeError, /priority must be a finite number .*; got NaN/],
    ["high", TypeError, /Priority\.FOREGROUND.*got high \(string\)/],
    ["0", TypeError, /got 0 \(string\)/],
    [null, TypeError, /got null/],
    [true, TypeError, /got true/],
    [1n, TypeError, /got 1/],
    [{}, TypeError, /got \[object Object\]/],
    [Infinity, RangeError, /must be a finite number .*; got Infinity/],
    [-Infinity, RangeError, /must be a finite number .*; got -Infinity/],
  ];
  for (const [priority, type, message] of mistakes) {
    test(`${typeof priority} ${String(priority)}: every door refuses it in the call, and nothing changes`, async (t) => {
      const gate = testGate(t);
      const options = { priority: priority as number };
      const expected = { name: type.name, message };
      const events: string[] = [];
      gate.on("*", (event) => events.push(event.type));
      assert.throws(() => gate.acquire(options), expected);
      assert.throws(() => gate.tryAcquire(options), expected);
      assert.throws(() => gate.run(() => assert.fail("called"), options), expected);
      assert.throws(() => gate.reprioritise("1", options.priority), expected);
      assert.throws(() => new Gate({ defaultPriority: options.priority }), {
        name: type.name,
        message: /^defaultPriority/,
      });
      assert.deepEqual(events, []);
    });
  }
});

suite("who says nothing", () => {
  test("is background and never tramples on the foreground", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    assert.equal(permit.priority, Priority.BACKGROUND);
    permit.release();
    await gate.run(({ priority }) => assert.equal(priority, Priority.BACKGROUND));
    const undecided = gate.tryAcquire({ priority: undefined });
    assert.equal(undecided?.priority, Priority.BACKGROUND);
    undecided?.release();
  });

  test("gets the gate's default priority", async (t) => {
    const gate = testGate(t, { defaultPriority: 42 });
    await gate.run(({ priority }) => assert.equal(priority, 42));
    await gate.run(({ priority }) => assert.equal(priority, 1), { priority: 1 });
  });

  test("makes the gate ask its default function, at each such call and only then", async (t) => {
    const answers = [7, 8];
    const gate = testGate(t, { defaultPriority: () => answers.shift() ?? assert.fail("asked once too often") });
    await gate.run(({ priority }) => assert.equal(priority, 7));
    await gate.run(({ priority }) => assert.equal(priority, 1), { priority: 1 });
    await gate.run(({ priority }) => assert.equal(priority, 8));
  });

  test("gets an error in the call when the default function answers nonsense or throws", (t) => {
    const gate = testGate(t, { defaultPriority: () => NaN });
    assert.throws(() => gate.acquire(), {
      name: "TypeError",
      message: /^defaultPriority must be a finite number.*NaN/,
    });
    const failing = testGate(t, {
      defaultPriority: () => {
        throw new Error("theirs");
      },
    });
    assert.throws(() => failing.tryAcquire(), { message: "theirs" });
  });
});

test("a gate with aging takes priorities up to a million either way, where the order stays exact", (t) => {
  const gate = testGate(t, { agingMs: 1000 });
  for (const priority of [1e6, -1e6]) gate.tryAcquire({ priority })?.release();
  for (const priority of [1e6 + 1, -1e6 - 1]) {
    assert.throws(() => gate.tryAcquire({ priority }), { name: "RangeError", message: /within ±1000000.*agingMs/ });
  }
  testGate(t).tryAcquire({ priority: 1e9 })?.release();
});
