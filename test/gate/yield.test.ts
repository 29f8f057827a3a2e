/** What yield promises. Who is asked to step aside: park.test.ts. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority, type Gate, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND } = Priority;

/** A background permit that has just stepped aside for a person, who holds the only permit now. */
async function parkedBehindPerson(gate: Gate): Promise<{ permit: Permit; parked: Promise<boolean>; person: Permit }> {
  const permit = await gate.acquire({ label: "parked", preemptible: true });
  const person = gate.acquire({ priority: FOREGROUND });
  const parked = permit.yield();
  return { permit, parked, person: await person };
}

suite("yield keeps the permit and answers false", () => {
  test("when nobody waits", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    assert.equal(await permit.yield(), false);
    assert.equal(gate.held, 1);
    permit.release();
  });

  test("when only equals and later calls wait", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire({ priority: 50 });
    const calls = [gate.acquire({ priority: 50 }), gate.acquire({ priority: 51 })];
    assert.equal(await permit.yield(), false);
    permit.release();
    for (const call of calls) (await call).release();
  });

  test("when a permit is free: whoever needs it takes that one", async (t) => {
    const gate = testGate(t, 2);
    const permit = await gate.acquire();
    await gate.run(async () => assert.equal(await permit.yield(), false), { priority: FOREGROUND });
    permit.release();
  });

  test("on a paused gate, where nobody could run instead", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire({ preemptible: true });
    gate.pause();
    const person = gate.acquire({ priority: FOREGROUND });
    assert.equal(await permit.yield(), false);
    gate.unpause();
    const parked = permit.yield();
    (await person).release();
    assert.equal(await parked, true);
    permit.release();
  });

  test("on a gate of capacity 0, where nobody could run instead", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    gate.resize(0);
    const person = gate.acquire({ priority: FOREGROUND });
    assert.equal(await permit.yield(), false);
    permit.release();
    gate.resize(1);
    (await person).release();
  });
});

suite("yield keeps its place", () => {
  test("first in its class, behind everybody sooner", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const permit = await gate.acquire();
    const calls = [
      order.join("equal"),
      order.join("person", { priority: FOREGROUND }),
      order.join("agent", { priority: 50 }),
      order.join("later", { priority: 101 }),
    ];
    assert.equal(await permit.yield(), true);
    order.names.push("resumed");
    permit.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, ["person", "agent", "resumed", "equal", "later"]);
  });

  test("also before equals that came while it was parked", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const equal = order.join("equal");
    person.release();
    assert.equal(await parked, true);
    order.names.push("resumed");
    permit.release();
    await equal;
    assert.deepEqual(order.names, ["resumed", "equal"]);
  });

  test("also among several parked calls: they resume in the order of their arrival", async (t) => {
    const gate = testGate(t, 3);
    const resumed: string[] = [];
    const permits = ["a", "b", "c"].map((label) => gate.tryAcquire({ label })!);
    const persons = [1, 2, 3].map(() => gate.acquire({ priority: FOREGROUND }));
    const parked = permits.toReversed().map(async (permit) => {
      assert.equal(await permit.yield(), true);
      resumed.push(permit.label ?? "");
      permit.release();
    });
    for (const person of persons) (await person).release();
    await Promise.all(parked);
    assert.deepEqual(resumed, ["a", "b", "c"]);
  });

  test("under aging: its wait counts from its arrival, not from its park", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const order = new ServiceOrder(gate);
    const permit = await gate.acquire();
    clock.advance(900);
    const inTime = gate.acquire({ priority: FOREGROUND });
    const parked = permit.yield();
    clock.advance(200);
    const tooLate = order.join("too late", { priority: FOREGROUND });
    (await inTime).release();
    assert.equal(await parked, true);
    order.names.push("resumed");
    permit.release();
    await tooLate;
    assert.deepEqual(order.names, ["resumed", "too late"]);
  });

  test("through a pause", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const equal = order.join("equal");
    gate.pause();
    person.release();
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 2 });
    gate.unpause();
    assert.equal(await parked, true);
    order.names.push("resumed");
    permit.release();
    await equal;
    assert.deepEqual(order.names, ["resumed", "equal"]);
  });

  test("through a drain", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const permit = await gate.acquire();
    const calls = [order.join("person", { priority: FOREGROUND }), order.join("equal")];
    const drain = gate.drain();
    assert.equal(await permit.yield(), true);
    order.names.push("resumed");
    permit.release();
    await Promise.all([...calls, drain]);
    assert.deepEqual(order.names, ["person", "resumed", "equal"]);
  });

  test("in a full queue", async (t) => {
    const gate = testGate(t, { maxWaiting: 2 });
    const order = new ServiceOrder(gate);
    const permit = await gate.acquire();
    const calls = [order.join("person", { priority: FOREGROUND }), order.join("equal")];
    assert.equal(await permit.yield(), true);
    order.names.push("resumed");
    permit.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, ["person", "resumed", "equal"]);
  });
});

suite("a parked call", () => {
  test("is in the line and holds nothing", async (t) => {
    const gate = testGate(t);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    assert.equal(permit.released, false);
    assert.deepEqual(
      gate.snapshot().waiters.map((waiter) => [waiter.id, waiter.label, waiter.parked]),
      [[permit.id, "parked", true]],
    );
    person.release();
    await parked;
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 0 });
    permit.release();
  });

  test("shares one wait among all that yield meanwhile", async (t) => {
    const gate = testGate(t);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const again = [permit.yield(), permit.yield({ timeoutMs: 1 })];
    assert.equal(gate.waiting, 1);
    person.release();
    assert.deepEqual(await Promise.all([parked, ...again]), [true, true, true]);
    assert.equal(await permit.yield(), false);
    permit.release();
  });

  test("adds its wait to waitedMs", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const call = gate.acquire();
    clock.advance(10);
    holder.release();
    const permit = await call;
    clock.advance(1000);
    const person = gate.acquire({ priority: FOREGROUND });
    const parked = permit.yield();
    clock.advance(5);
    (await person).release();
    await parked;
    assert.equal(permit.waitedMs, 15);
    permit.release();
  });

  test("may change its priority meanwhile, by id, with its arrival kept", async (t) => {
    for (const agingMs of [undefined, 1000]) {
      const clock = new ManualClock();
      const gate = testGate(t, { clock, agingMs });
      const order = new ServiceOrder(gate);
      const { permit, parked, person } = await parkedBehindPerson(gate);
      clock.advance(10);
      const agent = order.join("agent", { priority: 50 });
      assert.equal(gate.reprioritise(permit.id, 50), true);
      person.release();
      await parked;
      order.names.push("resumed");
      assert.equal(permit.priority, 50);
      permit.release();
      await agent;
      assert.deepEqual(order.names, ["resumed", "agent"]);
    }
  });

  test("is asked, once it resumed, by the signal that it read while it was parked", async (t) => {
    const gate = testGate(t);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const { signal } = permit;
    assert.equal(signal.aborted, false);
    person.release();
    await parked;
    assert.equal(permit.signal, signal);
    const next = gate.acquire({ priority: FOREGROUND });
    assert.equal(signal.aborted, true);
    permit.release();
    (await next).release();
  });
});

suite("a wait in yield that ends in vain releases the permit", () => {
  test("by the signal given to yield", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    const person = gate.acquire({ priority: FOREGROUND });
    const controller = new AbortController();
    const parked = assert.rejects(permit.yield({ signal: controller.signal }), (reason) => reason === "gone");
    controller.abort("gone");
    await parked;
    assert.deepEqual([permit.released, permit.release(), gate.waiting], [true, false, 0]);
    (await person).release();
  });

  test("by the signal given to acquire, if yield got none", async (t) => {
    const gate = testGate(t);
    const controller = new AbortController();
    const permit = await gate.acquire({ signal: controller.signal });
    const person = gate.acquire({ priority: FOREGROUND });
    const parked = assert.rejects(permit.yield(), (reason) => reason === "gone");
    controller.abort("gone");
    await parked;
    assert.equal(permit.released, true);
    (await person).release();
  });

  test("by a signal that was aborted before: the permit goes to the sooner waiter at once", async (t) => {
    const gate = testGate(t);
    const controller = new AbortController();
    const permit = await gate.acquire({ signal: controller.signal });
    controller.abort("before");
    assert.equal(await permit.yield(), false);
    const person = gate.acquire({ priority: FOREGROUND });
    await assert.rejects(permit.yield(), (reason) => reason === "before");
    assert.deepEqual([permit.released, gate.held, gate.waiting], [true, 1, 0]);
    (await person).release();
  });

  test("by its time limit", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const permit = await gate.acquire({ timeoutMs: 1 });
    const person = gate.acquire({ priority: FOREGROUND });
    const parked = assert.rejects(permit.yield({ timeoutMs: 20 }), {
      code: "queue_timeout",
      stage: "parked",
      waitedMs: 20,
    });
    clock.advance(20);
    await parked;
    assert.equal(permit.released, true);
    (await person).release();
  });

  test("by cancel", async (t) => {
    const gate = testGate(t);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const cancelled = assert.rejects(parked, { code: "cancelled", stage: "parked" });
    assert.equal(gate.cancel(permit.id), true);
    await cancelled;
    assert.equal(permit.released, true);
    person.release();
  });

  test("by its own release meanwhile", async (t) => {
    const gate = testGate(t);
    const { permit, parked, person } = await parkedBehindPerson(gate);
    const released = assert.rejects(parked, { code: "permit_released", stage: "parked" });
    assert.deepEqual([permit.release(), permit.release()], [true, false]);
    await released;
    assert.equal(gate.waiting, 0);
    person.release();
  });
});

test("yield on a permit that was given back is refused by the call", async (t) => {
  const gate = testGate(t, { name: "gpu" });
  const permit = await gate.acquire();
  permit.release();
  assert.throws(() => permit.yield(), {
    code: "permit_released",
    stage: "running",
    message: /gate "gpu": call 1.* permit given back/,
  });
});

test("yield with unusable options is refused by the call, and the permit stays held", async (t) => {
  const gate = testGate(t);
  const permit = await gate.acquire();
  const person = gate.acquire({ priority: FOREGROUND });
  assert.throws(() => permit.yield({ timeoutMs: NaN }), { name: "TypeError", message: /timeoutMs/ });
  assert.throws(() => permit.yield({ signal: {} as AbortSignal }), { name: "TypeError", message: /signal/ });
  assert.equal(permit.released, false);
  permit.release();
  (await person).release();
});

test("a loop that yields between chunks lets the foreground in after the present chunk, and finishes", async (t) => {
  const gate = testGate(t);
  const events: string[] = [];
  const persons: Promise<void>[] = [];
  await gate.run(async (permit) => {
    for (const chunk of [1, 2, 3]) {
      events.push(`chunk ${chunk}`);
      if (chunk === 1) persons.push(gate.run(() => void events.push("person"), { priority: FOREGROUND }));
      await permit.yield();
    }
  });
  await Promise.all(persons);
  assert.deepEqual(events, ["chunk 1", "person", "chunk 2", "chunk 3"]);
});

test("the signal of a permit that was asked stays aborted after release", async (t) => {
  const gate = testGate(t);
  const permit = await gate.acquire({ preemptible: true });
  const { signal } = permit;
  const person = gate.acquire({ priority: FOREGROUND });
  permit.release();
  assert.equal(signal.aborted, true);
  assert.equal(permit.signal.aborted, true);
  (await person).release();
});
