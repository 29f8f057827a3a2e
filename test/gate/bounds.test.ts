import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, Priority, type AcquireOptions, type GateError } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND } = Priority;

suite("at a full queue", () => {
  test("an equal newcomer is rejected, with the figures that say why", async (t) => {
    const gate = testGate(t, { maxWaiting: 2, name: "small" });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const waiting = [order.join("a"), order.join("b")];
    await assert.rejects(order.join("c"), {
      name: "GateError",
      code: "queue_full",
      stage: "rejected",
      waitedMs: 0,
      waiting: 2,
      message: /gate "small".*full.*maxWaiting 2/,
    });
    holder.release();
    await Promise.all(waiting);
    assert.deepEqual(order.names, ["a", "b"]);
  });

  test("a later newcomer is rejected", async (t) => {
    const gate = testGate(t, { maxWaiting: 1 });
    const holder = await gate.acquire();
    const waiting = gate.acquire();
    await assert.rejects(gate.acquire({ priority: 101 }), { code: "queue_full" });
    holder.release();
    (await waiting).release();
  });

  test("a sooner newcomer displaces the last waiter: the worst priority, and of that the latest arrival", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { maxWaiting: 4, clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const join = (name: string, options: AcquireOptions): Promise<unknown> => order.join(name, options).catch(String);
    const calls = [
      join("agent", { priority: 50 }),
      join("old pipeline", { priority: 100 }),
      join("new pipeline", { priority: 100 }),
      join("late agent", { priority: 50 }),
    ];
    clock.advance(40);
    const displaced: unknown[] = [];
    gate.on("evict", ({ label, code, waitedMs }) => displaced.push([label, code, waitedMs]));
    calls.push(join("person", { priority: FOREGROUND }), join("second person", { priority: FOREGROUND }));
    assert.deepEqual(displaced, [
      ["new pipeline", "displaced", 40],
      ["old pipeline", "displaced", 40],
    ]);
    holder.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, ["person", "second person", "agent", "late agent"]);
  });

  test("of background, no person is turned away until persons alone fill it", async (t) => {
    const gate = testGate(t, { maxWaiting: 3 });
    const holder = await gate.acquire();
    const outcomes = [1, 2, 3].map(() => outcomeOf(gate, {}));
    for (let n = 0; n < 4; n++) outcomes.push(outcomeOf(gate, { priority: FOREGROUND }));
    assert.equal(gate.waiting, 3);
    holder.release();
    assert.deepEqual(await Promise.all(outcomes), [
      "displaced",
      "displaced",
      "displaced",
      "ran",
      "ran",
      "ran",
      "queue_full",
    ]);
  });

  test("there is room again in the turn in which somebody leaves", async (t) => {
    const gate = testGate(t, { maxWaiting: 1 });
    const controller = new AbortController();
    const holder = await gate.acquire();
    const aborted = assert.rejects(gate.acquire({ signal: controller.signal }), { name: "AbortError" });
    controller.abort();
    const waiting = gate.acquire();
    holder.release();
    const third = gate.acquire();
    await aborted;
    (await waiting).release();
    (await third).release();
  });
});

test("the displaced is told who took its place and how long it had waited", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { maxWaiting: 1, clock, name: "small" });
  const holder = await gate.acquire();
  const displaced = assert.rejects(gate.acquire({ label: "digest" }), {
    code: "displaced",
    stage: "evicted",
    waitedMs: 1500,
    waiting: 0,
    message: /gate "small": digest \(priority 100, evicted after 1500 ms\): a call of priority 0 took the last place/,
  });
  clock.advance(1500);
  const newcomer = gate.acquire({ priority: FOREGROUND });
  await displaced;
  holder.release();
  (await newcomer).release();
});

test("a displacement is told before the enqueue that caused it, and the bound is never exceeded", async (t) => {
  const gate = testGate(t, { maxWaiting: 1 });
  const events: [string, number][] = [];
  gate.on("*", ({ type, waiting }) => events.push([type, waiting]));
  const holder = await gate.acquire();
  const displaced = outcomeOf(gate, {});
  const newcomer = outcomeOf(gate, { priority: FOREGROUND });
  assert.deepEqual(events, [
    ["dispatch", 0],
    ["enqueue", 1],
    ["evict", 0],
    ["enqueue", 1],
  ]);
  holder.release();
  assert.deepEqual(await Promise.all([displaced, newcomer]), ["displaced", "ran"]);
});

test("maxWaiting 0 grants what is free and rejects the rest", async (t) => {
  const gate = testGate(t, { maxWaiting: 0 });
  const holder = await gate.acquire();
  assert.equal(await outcomeOf(gate, { priority: FOREGROUND }), "queue_full");
  holder.release();
  assert.equal(await outcomeOf(gate, {}), "ran");
});

test("a parked call counts for nothing at the bound and is never displaced", async (t) => {
  const gate = testGate(t, { maxWaiting: 1 });
  const permit = await gate.acquire({ priority: 1000 });
  const sooner = gate.acquire({ priority: 50 });
  const parked = permit.yield();
  const outcomes = [
    outcomeOf(gate, { priority: 200 }),
    outcomeOf(gate, { priority: 200 }),
    outcomeOf(gate, { priority: FOREGROUND }),
    outcomeOf(gate, { priority: FOREGROUND }),
  ];
  assert.equal(gate.waiting, 2);
  (await sooner).release();
  assert.deepEqual(await Promise.all(outcomes), ["displaced", "queue_full", "ran", "queue_full"]);
  assert.equal(await parked, true);
  permit.release();
});

test("a parked call counts for nothing on either side of a reservation", async (t) => {
  const gate = testGate(t, { maxWaiting: 1, reserved: { permits: 0, priority: 50 } });
  for (const priority of [50, 100]) {
    const permit = await gate.acquire({ priority });
    const sooner = gate.acquire({ priority: FOREGROUND });
    const parked = permit.yield();
    const outcome = outcomeOf(gate, { priority: 200 });
    assert.equal(gate.waiting, 2);
    (await sooner).release();
    await parked;
    permit.release();
    assert.equal(await outcome, "ran");
  }
});

test("under aging the sooner of two is who falls due sooner, whatever the priorities", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { maxWaiting: 1, agingMs: 1000, clock });
  const holder = await gate.acquire();
  const aged = gate.acquire();
  clock.advance(1001);
  assert.equal(await outcomeOf(gate, { priority: FOREGROUND }), "queue_full");
  holder.release();
  (await aged).release();
});

test("one bound holds for both sides of a reservation", async (t) => {
  const gate = testGate(t, { capacity: 2, maxWaiting: 2, reserved: { permits: 1, priority: FOREGROUND } });
  const holders = [gate.tryAcquire()!, gate.tryAcquire({ priority: FOREGROUND })!];
  const outcomes = [
    outcomeOf(gate, { priority: 60 }),
    outcomeOf(gate, { priority: FOREGROUND }),
    outcomeOf(gate, { priority: FOREGROUND }),
    outcomeOf(gate, { priority: 50 }),
  ];
  assert.equal(gate.waiting, 2);
  for (const holder of holders) holder.release();
  assert.deepEqual(await Promise.all(outcomes), ["displaced", "ran", "ran", "queue_full"]);
});

test("the last of a line that was shuffled by cancels and changed priorities is still the last", async (t) => {
  const gate = testGate(t, { maxWaiting: 5 });
  const holder = await gate.acquire();
  const ids = new Map<string, string>();
  const outcomes = new Map<string, Promise<string>>();
  const join = (label: string, priority: number): void => {
    outcomes.set(label, outcomeOf(gate, { label, priority, onEnqueue: (id) => void ids.set(label, id) }));
  };
  for (const [label, priority] of [
    ["a", 10],
    ["b", 20],
    ["c", 20],
    ["d", 20],
    ["e", 30],
  ] as const) {
    join(label, priority);
  }
  gate.cancel(ids.get("c")!);
  gate.reprioritise(ids.get("e")!, 5);
  gate.reprioritise(ids.get("a")!, 40);
  join("f", 20);
  join("g", 0);
  join("h", 0);
  holder.release();
  const results = await Promise.all([...outcomes].map(async ([label, outcome]) => `${label} ${await outcome}`));
  assert.deepEqual(results, ["a displaced", "b ran", "c cancelled", "d ran", "e ran", "f displaced", "g ran", "h ran"]);
});

test("an unusable bound is refused by name and value", () => {
  for (const maxWaiting of [NaN, "5"]) {
    assert.throws(() => new Gate({ maxWaiting: maxWaiting as number }), { name: "TypeError", message: /maxWaiting/ });
  }
  for (const maxWaiting of [-1, 2.5]) {
    assert.throws(() => new Gate({ maxWaiting }), { name: "RangeError", message: /maxWaiting/ });
  }
});

/** What became of a call that releases as soon as it runs. */
async function outcomeOf(gate: Gate, options: AcquireOptions): Promise<string> {
  try {
    return await gate.run(() => "ran", options);
  } catch (error) {
    return (error as GateError).code;
  }
}
