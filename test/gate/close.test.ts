import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Gate, isGateError, Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

suite("closing", () => {
  test("ends every waiter at once, each with an error of its own that gives the reason", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const calls = [gate.acquire(), gate.acquire({ priority: Priority.FOREGROUND })];
    const outcomes = Promise.allSettled(calls);
    clock.advance(30);
    gate.close("the model is being replaced");
    assert.deepEqual(
      { state: gate.state, held: gate.held, waiting: gate.waiting },
      { state: "closed", held: 1, waiting: 0 },
    );
    const errors = (await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason as unknown);
    for (const error of errors) {
      assert.ok(isGateError(error));
      assert.deepEqual([error.code, error.stage, error.waitedMs], ["closed", "evicted", 30]);
      assert.match(error.message, /the model is being replaced/);
    }
    assert.notEqual(errors[0], errors[1]);
    holder.release();
  });

  test("ends waiters in their order, whatever order they came in", async (t) => {
    const gate = testGate(t, 0);
    const ended: (string | undefined)[] = [];
    gate.on("evict", ({ label }) => ended.push(label));
    const calls = [
      gate.acquire({ label: "b" }),
      gate.acquire({ label: "a", priority: 1 }),
      gate.acquire({ label: "c", priority: 200 }),
    ];
    gate.close();
    await Promise.allSettled(calls);
    assert.deepEqual(ended, ["a", "b", "c"]);
  });

  test("leaves holders their permits, and rejects whoever comes later", async (t) => {
    const gate = testGate(t, { name: "old" });
    const holder = await gate.acquire();
    gate.close();
    assert.equal(holder.released, false);
    assert.equal(await holder.yield(), false);
    await assert.rejects(gate.acquire(), {
      code: "closed",
      stage: "rejected",
      message: /gate "old": .*rejected.*the gate is closed/,
    });
    await assert.rejects(
      gate.run(() => assert.fail("called")),
      { code: "closed" },
    );
    assert.equal(gate.tryAcquire(), undefined);
    holder.release();
  });

  test("ends a parked call, whose permit is then released", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    const person = gate.acquire({ priority: Priority.FOREGROUND });
    const parked = assert.rejects(permit.yield(), { code: "closed", stage: "parked" });
    gate.close();
    await parked;
    assert.equal(permit.released, true);
    assert.equal(permit.release(), false);
    (await person).release();
  });

  test("ends the waiters of a paused gate too", async (t) => {
    const gate = testGate(t);
    gate.pause();
    const call = assert.rejects(gate.acquire(), { code: "closed" });
    gate.close();
    await call;
  });

  test("twice is the same as once", async (t) => {
    const gate = testGate(t);
    const states: string[] = [];
    gate.on("state", ({ state }) => states.push(state));
    gate.close("first");
    gate.close("second");
    assert.deepEqual(states, ["closed"]);
  });

  test("10 000 waiters leaves none of them pending", async (t) => {
    const gate = testGate(t, 0);
    const calls = Array.from({ length: 10_000 }, (_, n) => gate.acquire({ priority: n % 7 }));
    const outcomes = Promise.allSettled(calls);
    gate.close();
    assert.equal(gate.waiting, 0);
    assert.ok((await outcomes).every(({ status }) => status === "rejected"));
  });
});

test("closing, draining and cancelling reject nobody but the callers: no rejection is left unhandled", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  let id = "";
  const calls = [gate.acquire({ onEnqueue: (given) => (id = given) }), gate.run(() => undefined)];
  const outcomes = Promise.allSettled(calls);
  gate.cancel(id);
  const drain = gate.drain();
  gate.close();
  holder.release();
  await drain;
  assert.ok((await outcomes).every((outcome) => outcome.status === "rejected" && isGateError(outcome.reason)));
  // The runner fails a test that leaves a rejection unhandled, in a later turn.
  await nextTurn();
});

suite("a gate declared with await using", () => {
  test("is closed at the end of the scope, which waits for the holders", async () => {
    const events: string[] = [];
    const scope = async (): Promise<void> => {
      await using gate = new Gate();
      gate.on("*", ({ type }) => events.push(type));
      const holder = await gate.acquire();
      setImmediate(() => holder.release());
    };
    await scope();
    assert.deepEqual(events, ["dispatch", "state", "release"]);
  });

  test("that was idle ends at once", async () => {
    await using gate = new Gate();
    assert.equal(gate.state, "open");
  });
});
