/** Who is asked to step aside, when, and how often. What a holder does about it: yield.test.ts. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isGateError, Priority, type AcquireOptions, type Gate, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

const { FOREGROUND } = Priority;

/** A background holder that offers to step aside. */
function willing(gate: Gate, options: AcquireOptions = {}): Permit {
  return gate.tryAcquire({ preemptible: true, ...options }) ?? assert.fail("no permit is free");
}

/** Who has been asked so far, by label. */
function askedOf(gate: Gate): string[] {
  const asked: string[] = [];
  gate.on("preempt", ({ label, id }) => asked.push(label ?? id));
  return asked;
}

async function finish(calls: readonly Promise<Permit>[]): Promise<void> {
  for (const call of calls) (await call).release();
}

suite("a holder that offered to step aside", () => {
  test("is asked by its signal, within the call of the sooner waiter", async (t) => {
    const gate = testGate(t, { name: "gpu" });
    const holder = willing(gate);
    const { signal } = holder;
    assert.equal(signal.aborted, false);
    const person = gate.acquire({ priority: FOREGROUND });
    assert.equal(signal.aborted, true);
    const { reason } = signal as { reason: unknown };
    assert.ok(isGateError(reason));
    assert.deepEqual([reason.code, reason.stage], ["preempted", "running"]);
    assert.match(reason.message, /gate "gpu".*yield\(\) or release\(\)/);
    assert.equal(holder.released, false);
    holder.release();
    await finish([person]);
  });

  test("finds a signal that it reads too late aborted already", async (t) => {
    const gate = testGate(t);
    const holder = willing(gate);
    const person = gate.acquire({ priority: FOREGROUND });
    assert.equal(holder.signal.aborted, true);
    holder.release();
    await finish([person]);
  });

  test("may answer from within the abort listener, by release or by yield", async (t) => {
    for (const answer of ["release", "yield"] as const) {
      const gate = testGate(t);
      const holder = willing(gate);
      const answers: unknown[] = [];
      holder.signal.addEventListener("abort", () => answers.push(holder[answer]()));
      const person = gate.acquire({ priority: FOREGROUND });
      assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: answer === "yield" ? 1 : 0 });
      await finish([person]);
      assert.equal(await answers[0], true);
      holder.release();
    }
  });

  test("is asked again after it resumed, by a fresh signal", async (t) => {
    const gate = testGate(t);
    const holder = willing(gate);
    const before = holder.signal;
    const first = gate.acquire({ priority: FOREGROUND });
    const parked = holder.yield();
    await finish([first]);
    await parked;
    const after = holder.signal;
    assert.deepEqual([before.aborted, after.aborted], [true, false]);
    const second = gate.acquire({ priority: FOREGROUND });
    assert.equal(after.aborted, true);
    holder.release();
    await finish([second]);
  });

  test("shows in a snapshot that it was asked and has not answered", async (t) => {
    const gate = testGate(t);
    const holder = willing(gate);
    const state = (): unknown => gate.snapshot().holders.map((each) => [each.preemptible, each.parkRequested]);
    assert.deepEqual(state(), [[true, false]]);
    const person = gate.acquire({ priority: FOREGROUND });
    assert.deepEqual(state(), [[true, true]]);
    holder.release();
    assert.deepEqual(state(), [[false, false]]);
    await finish([person]);
  });
});

suite("nobody is asked", () => {
  test("who did not offer", async (t) => {
    const gate = testGate(t);
    const asked = askedOf(gate);
    const holder = await gate.acquire();
    const person = gate.acquire({ priority: FOREGROUND });
    assert.equal(holder.signal.aborted, false);
    assert.deepEqual(asked, []);
    holder.release();
    await finish([person]);
  });

  test("by an equal or a later waiter, however long the line", async (t) => {
    const gate = testGate(t);
    const asked = askedOf(gate);
    const holder = willing(gate, { priority: 50 });
    const calls = [50, 50, 51, 100].map((priority) => gate.acquire({ priority, preemptible: true }));
    assert.deepEqual(asked, []);
    holder.release();
    await finish(calls);
    assert.deepEqual(asked, []);
  });

  test("while a permit is free", async (t) => {
    const gate = testGate(t, 2);
    const asked = askedOf(gate);
    const holder = willing(gate);
    const person = await gate.acquire({ priority: FOREGROUND });
    assert.deepEqual(asked, []);
    holder.release();
    person.release();
  });

  test("by a paused gate before unpause", async (t) => {
    const gate = testGate(t);
    const asked = askedOf(gate);
    const holder = willing(gate, { label: "holder" });
    gate.pause();
    const person = gate.acquire({ priority: FOREGROUND });
    assert.deepEqual(asked, []);
    gate.unpause();
    assert.deepEqual(asked, ["holder"]);
    holder.release();
    await finish([person]);
  });

  test("under aging, by a waiter that is more important but not sooner", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { agingMs: 1000, clock });
    const asked = askedOf(gate);
    const holder = willing(gate, { label: "holder" });
    clock.advance(1001);
    const late = gate.acquire({ priority: FOREGROUND });
    assert.deepEqual(asked, []);
    assert.equal(await holder.yield(), false);
    holder.release();
    await finish([late]);
  });

  test("for a waiter that could not run even then", async (t) => {
    const gate = testGate(t, { capacity: 2, reserved: { permits: 1, priority: FOREGROUND } });
    const asked = askedOf(gate);
    const holder = willing(gate, { priority: 100 });
    gate.resize(1);
    const agent = gate.acquire({ priority: 50 });
    assert.deepEqual(asked, []);
    assert.equal(await holder.yield(), false);
    holder.release();
    gate.resize(2);
    await finish([agent]);
  });

  test("for a waiter that is being aborted", async (t) => {
    const gate = testGate(t);
    const asked = askedOf(gate);
    gate.pause();
    const controller = new AbortController();
    const person = assert.rejects(gate.acquire({ priority: FOREGROUND, signal: controller.signal }));
    gate.resize(0);
    gate.unpause();
    const holders: Permit[] = [];
    controller.signal.addEventListener("abort", () => {
      gate.resize(1);
      holders.push(willing(gate));
      void gate.acquire({ priority: 200 }).then((permit) => permit.release());
    });
    controller.abort();
    await person;
    assert.deepEqual(asked, []);
    for (const holder of holders) holder.release();
  });
});

suite("of several holders", () => {
  test("as many are asked as sooner waiters need a permit, and never more", async (t) => {
    const gate = testGate(t, 3);
    const asked = askedOf(gate);
    const holders = ["a", "b", "c"].map((label) => willing(gate, { label }));
    const calls: Promise<Permit>[] = [];
    for (const expected of [1, 2, 3, 3, 3]) {
      calls.push(gate.acquire({ priority: FOREGROUND }), gate.acquire({ priority: 100 }));
      assert.equal(asked.length, expected);
    }
    assert.deepEqual(asked.toSorted(), ["a", "b", "c"]);
    for (const holder of holders) holder.release();
    await Promise.all(calls.map(async (call) => (await call).release()));
  });

  test("the worst priority is asked first, and of that the latest arrival", async (t) => {
    const gate = testGate(t, 4);
    const asked = askedOf(gate);
    const holders = [
      willing(gate, { label: "agent", priority: 50 }),
      willing(gate, { label: "old pipeline", priority: 100 }),
      willing(gate, { label: "new pipeline", priority: 100 }),
      gate.tryAcquire({ label: "not willing", priority: 200 })!,
    ];
    const calls = [1, 2, 3].map(() => gate.acquire({ priority: FOREGROUND }));
    assert.deepEqual(asked, ["new pipeline", "old pipeline", "agent"]);
    for (const holder of holders) holder.release();
    await finish(calls);
  });

  test("only those are asked whom the waiter outranks", async (t) => {
    const gate = testGate(t, 2);
    const asked = askedOf(gate);
    const holders = [willing(gate, { label: "agent", priority: 50 }), willing(gate, { label: "pipeline" })];
    const calls = [gate.acquire({ priority: 50 }), gate.acquire({ priority: 60 })];
    assert.deepEqual(asked, ["pipeline"]);
    for (const holder of holders) holder.release();
    await finish(calls);
  });

  test("a second is not asked for a waiter that replaced the one whom the first was asked for", async (t) => {
    const gate = testGate(t, 2);
    const asked = askedOf(gate);
    const holders = [willing(gate, { label: "a" }), willing(gate, { label: "b" })];
    const controller = new AbortController();
    const gone = assert.rejects(gate.acquire({ priority: FOREGROUND, signal: controller.signal }));
    controller.abort();
    await gone;
    const next = gate.acquire({ priority: FOREGROUND });
    assert.deepEqual(asked, ["b"]);
    holders[1]!.release();
    assert.equal(gate.waiting, 0);
    assert.equal(holders[0]!.signal.aborted, false);
    holders[0]!.release();
    await finish([next]);
  });

  test("another is asked when the one that was asked left, and somebody sooner still waits", async (t) => {
    const gate = testGate(t, 2);
    const asked = askedOf(gate);
    const holders = [willing(gate, { label: "a" }), willing(gate, { label: "b" })];
    const calls = [gate.acquire({ priority: FOREGROUND })];
    holders[1]!.release();
    calls.push(gate.acquire({ priority: FOREGROUND }));
    assert.deepEqual(asked, ["b", "a"]);
    holders[0]!.release();
    await finish(calls);
  });
});

test("an answer that nobody needed lets another holder be asked, whom somebody needs", async (t) => {
  const gate = testGate(t);
  const asked = askedOf(gate);
  const agent = willing(gate, { label: "agent", priority: 60 });
  const controller = new AbortController();
  const gone = assert.rejects(gate.acquire({ priority: FOREGROUND, signal: controller.signal }));
  controller.abort();
  await gone;
  gate.resize(2);
  const pipeline = willing(gate, { label: "pipeline" });
  const waiting = gate.acquire({ priority: 80 });
  assert.equal(await agent.yield(), false);
  assert.deepEqual(asked, ["agent", "pipeline"]);
  pipeline.release();
  await finish([waiting]);
  agent.release();
});

test("when the waiter left meanwhile, the holder keeps its permit and is not asked for nothing again", async (t) => {
  const gate = testGate(t);
  const asked = askedOf(gate);
  const holder = willing(gate, { label: "holder" });
  const { signal } = holder;
  const controller = new AbortController();
  const gone = assert.rejects(gate.acquire({ priority: FOREGROUND, signal: controller.signal }));
  controller.abort();
  await gone;
  assert.equal(signal.aborted, true);
  assert.equal(await holder.yield(), false);
  assert.equal(holder.signal.aborted, false);
  assert.deepEqual(asked, ["holder"]);
  const person = gate.acquire({ priority: FOREGROUND });
  assert.equal(holder.signal.aborted, true);
  holder.release();
  await finish([person]);
});

test("a signal that is fresh since an answer is not aborted by the request that was answered", async (t) => {
  const gate = testGate(t);
  const holder = willing(gate);
  const before = holder.signal;
  const controller = new AbortController();
  const answers: Promise<boolean>[] = [];
  const fresh: AbortSignal[] = [];
  gate.on("preempt", () => {
    controller.abort();
    answers.push(holder.yield());
    fresh.push(holder.signal);
  });
  await assert.rejects(gate.acquire({ priority: FOREGROUND, signal: controller.signal }), { name: "AbortError" });
  assert.deepEqual(await Promise.all(answers), [false]);
  assert.deepEqual([before.aborted, fresh[0]?.aborted], [false, false]);
  holder.release();
});

test("a waiter that is raised over a holder asks it", async (t) => {
  const gate = testGate(t);
  const asked = askedOf(gate);
  const holder = willing(gate, { label: "holder" });
  let id = "";
  const waiting = gate.acquire({ onEnqueue: (given) => (id = given) });
  assert.deepEqual(asked, []);
  gate.reprioritise(id, FOREGROUND);
  assert.deepEqual(asked, ["holder"]);
  holder.release();
  await finish([waiting]);
});

test("two preemptible equals never send each other off, even with somebody sooner in between", async (t) => {
  const gate = testGate(t);
  const events: string[] = [];
  gate.on("preempt", ({ label }) => events.push(`ask ${label}`));
  gate.on("park", ({ label }) => events.push(`park ${label}`));
  gate.on("dispatch", ({ label }) => events.push(`run ${label}`));
  const a = willing(gate, { label: "a" });
  const b = gate.acquire({ preemptible: true, label: "b" });
  for (let n = 0; n < 3; n++) assert.equal(await a.yield(), false);
  const person = gate.acquire({ priority: FOREGROUND, label: "person" });
  const parked = a.yield();
  await finish([person]);
  assert.equal(await parked, true);
  for (let n = 0; n < 3; n++) assert.equal(await a.yield(), false);
  a.release();
  const next = await b;
  assert.equal(await next.yield(), false);
  next.release();
  assert.deepEqual(events, ["run a", "ask a", "park a", "run person", "run a", "run b"]);
});

suite("after a shrink", () => {
  test("holders of permits too many step aside one by one until the sooner waiter fits", async (t) => {
    const gate = testGate(t, 3);
    const asked = askedOf(gate);
    const holders = ["a", "b", "c"].map((label) => willing(gate, { label }));
    gate.resize(1);
    const person = gate.acquire({ priority: FOREGROUND });
    const parked: Promise<boolean>[] = [];
    for (const expected of ["c", "b", "a"]) {
      assert.equal(asked.at(-1), expected);
      parked.push(holders.find(({ label }) => label === expected)!.yield());
    }
    assert.deepEqual(
      { held: gate.held, waiting: gate.waiting, asked: asked.length },
      { held: 1, waiting: 3, asked: 3 },
    );
    gate.resize(3);
    await finish([person]);
    assert.deepEqual(await Promise.all(parked), [true, true, true]);
    for (const holder of holders) holder.release();
  });

  test("a holder of a permit too many beyond a reservation steps aside once, and is not asked for ever", async (t) => {
    const gate = testGate(t, { capacity: 3, reserved: { permits: 1, priority: FOREGROUND } });
    const asked = askedOf(gate);
    const holders = [willing(gate, { label: "a" }), willing(gate, { label: "b" })];
    gate.resize(2);
    const agent = gate.acquire({ priority: 50 });
    assert.deepEqual(asked, ["b"]);
    const parked = holders[1]!.yield();
    assert.deepEqual(asked, ["b", "a"]);
    holders[0]!.release();
    await finish([agent]);
    assert.equal(await parked, true);
    holders[1]!.release();
  });
});
