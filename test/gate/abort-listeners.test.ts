/** What a gate leaves on a caller's signal, and what it keeps of a call that is over: nothing. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Gate } from "../../src/gate/index.ts";
import { collectGarbageUntil } from "../support/garbage.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** The listeners on `signal` itself and on all the signals that a gate derived from it. */
function listenerCounter(t: TestContext): (signal: AbortSignal) => number {
  const derived = t.mock.method(AbortSignal, "any").mock;
  return (signal) => {
    const ears = derived.calls.filter(({ arguments: [sources] }) => [...sources].includes(signal));
    return [signal, ...ears.map(({ result }) => result!)].reduce(
      (count, each) => count + getEventListeners(each, "abort").length,
      0,
    );
  };
}

const ways: Record<string, (gate: Gate, controller: AbortController, clock: ManualClock) => void> = {
  "is granted": () => undefined,
  "is aborted": (_gate, controller) => controller.abort(),
  "times out": (_gate, _controller, clock) => clock.advance(1000),
  "is cancelled": (gate) => void gate.cancel("2"),
  "is displaced": (gate) => void gate.acquire({ priority: 0 }).then((permit) => permit.release()),
  "meets a closed gate": (gate) => gate.close(),
};

for (const [end, bringAbout] of Object.entries(ways)) {
  test(`a call that ${end} leaves no listener on its signal and no timer behind`, async (t) => {
    const listenersOn = listenerCounter(t);
    const clock = new ManualClock();
    const gate = testGate(t, { clock, maxWaiting: 1, starvationWarnMs: Infinity });
    const holder = await gate.acquire();
    const controller = new AbortController();
    const call = gate.acquire({ signal: controller.signal, timeoutMs: 1000 }).then(
      (permit) => permit.release(),
      () => undefined,
    );
    assert.equal(listenersOn(controller.signal), 1);
    assert.equal(clock.pending.keepAlive, 1);
    bringAbout(gate, controller, clock);
    holder.release();
    assert.equal(listenersOn(controller.signal), 0);
    assert.equal(clock.pending.keepAlive, 0);
    await call;
  });
}

test("a call that never waits puts no listener on its signal", async (t) => {
  const listenersOn = listenerCounter(t);
  const gate = testGate(t, { maxWaiting: 0 });
  const { signal } = new AbortController();
  const permit = await gate.acquire({ signal });
  await assert.rejects(gate.acquire({ signal }), { code: "queue_full" });
  permit.release();
  await gate.run(() => undefined, { signal });
  assert.equal(listenersOn(signal), 0);
});

test("a call that waits again in yield listens again, and stops again", async (t) => {
  const listenersOn = listenerCounter(t);
  const gate = testGate(t);
  const { signal } = new AbortController();
  const permit = await gate.acquire({ signal });
  const sooner = gate.acquire({ priority: 0 });
  const parked = permit.yield();
  assert.equal(listenersOn(signal), 1);
  (await sooner).release();
  await parked;
  assert.equal(listenersOn(signal), 0);
  permit.release();
});

test("100 000 calls on one signal put one listener on it, print no warning, and leave nothing", async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  t.after(() => process.off("warning", onWarning));
  const listenersOn = listenerCounter(t);
  const gate = testGate(t);
  const controller = new AbortController();
  const { signal } = controller;
  const holder = await gate.acquire();
  const granted = Array.from({ length: 50_000 }, () => gate.run(() => undefined, { signal }));
  assert.equal(listenersOn(signal), 1);
  holder.release();
  await Promise.all(granted);
  assert.equal(listenersOn(signal), 0);

  const second = await gate.acquire();
  const aborted = Array.from({ length: 50_000 }, () => gate.run(() => undefined, { signal }));
  assert.equal(listenersOn(signal), 1);
  controller.abort("all");
  assert.equal(listenersOn(signal), 0);
  const outcomes = await Promise.allSettled(aborted);
  assert.ok(outcomes.every((outcome) => outcome.status === "rejected" && outcome.reason === "all"));
  second.release();
  await nextTurn();
  assert.deepEqual(warnings, []);
});

test("signals of 20 000 calls, one each, are listened to once each and let go", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const controllers = Array.from({ length: 20_000 }, () => new AbortController());
  const calls = controllers.map(({ signal }) => gate.acquire({ signal }));
  const outcomes = Promise.allSettled(calls);
  for (const [index, controller] of controllers.entries()) controller.abort(index);
  assert.equal(gate.waiting, 0);
  for (const [index, outcome] of (await outcomes).entries()) {
    if (outcome.status !== "rejected" || outcome.reason !== index) assert.fail(`call ${index} was not aborted`);
  }
  holder.release();
});

test("a signal that nobody aborts is collected once the call under it is over", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const signals = Array.from({ length: 20 }, () => {
    const { signal } = new AbortController();
    void gate.run(() => undefined, { signal });
    return new WeakRef(signal);
  });
  holder.release();
  await collectGarbageUntil(() => signals.every((signal) => signal.deref() === undefined));
});

test("a waiter whose caller keeps no signal is still aborted by it", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const call = assert.rejects(gate.acquire({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
  assert.ok(globalThis.gc);
  globalThis.gc();
  await call;
  holder.release();
});

test("an ended waiter retains nothing while the gate lives on", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const leavings: WeakRef<object>[] = [];
  const leave = async (): Promise<void> => {
    const controller = new AbortController();
    const call = gate.acquire({ signal: controller.signal, label: "ended" });
    leavings.push(new WeakRef(call), new WeakRef(controller), new WeakRef(controller.signal));
    controller.abort();
    await assert.rejects(call);
  };
  for (let n = 0; n < 20; n++) await leave();
  await collectGarbageUntil(() => leavings.every((left) => left.deref() === undefined));
  holder.release();
});

test("a listener that throws during an abort harms neither the gate nor the process", async (t) => {
  const gate = testGate(t);
  const faults: unknown[] = [];
  gate.on("fault", ({ error }) => faults.push(error));
  gate.on("evict", () => {
    throw new Error("mine");
  });
  const holder = await gate.acquire();
  const controller = new AbortController();
  const call = assert.rejects(gate.acquire({ signal: controller.signal }), { name: "AbortError" });
  controller.abort();
  await call;
  // What escapes from an abort listener is thrown in a later turn, and the runner would fail this test for it.
  await nextTurn();
  assert.deepEqual(faults, [new Error("mine")]);
  holder.release();
});
