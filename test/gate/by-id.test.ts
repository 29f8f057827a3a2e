import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority, type AcquireOptions, type Gate, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND } = Priority;

/** A waiting call and its id. */
function wait(gate: Gate, options: AcquireOptions = {}): { id: string; call: Promise<Permit> } {
  let id: string | undefined;
  const call = gate.acquire({ ...options, onEnqueue: (given) => (id = given) });
  return { id: id ?? assert.fail("the call did not have to wait"), call };
}

suite("onEnqueue", () => {
  test("gives the id before acquire returns, and the permit will have the same", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { id, call } = wait(gate);
    assert.deepEqual(
      gate.snapshot().waiters.map((waiter) => waiter.id),
      [id],
    );
    holder.release();
    const permit = await call;
    assert.equal(permit.id, id);
    permit.release();
  });

  test("is called before acquire returns also from within a listener", async (t) => {
    const gate = testGate(t);
    const waits: { id: string; call: Promise<Permit> }[] = [];
    const faults: unknown[] = [];
    gate.on("fault", ({ error }) => faults.push(error));
    const stop = gate.on("dispatch", () => {
      stop();
      waits.push(wait(gate));
    });
    const holder = await gate.acquire();
    assert.deepEqual(faults, []);
    assert.equal(gate.cancel(waits[0]!.id), true);
    await assert.rejects(waits[0]!.call, { code: "cancelled" });
    holder.release();
  });

  test("is not called for a call that got a permit at once, nor for one that was refused", async (t) => {
    const gate = testGate(t, { maxWaiting: 0 });
    const onEnqueue = (): void => assert.fail("called");
    const holder = await gate.acquire({ onEnqueue });
    await assert.rejects(gate.acquire({ onEnqueue }), { code: "queue_full" });
    await assert.rejects(gate.acquire({ onEnqueue, signal: AbortSignal.abort() }));
    holder.release();
  });

  test("may cancel its own call", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const call = gate.acquire({ onEnqueue: (id) => gate.cancel(id) });
    assert.equal(gate.waiting, 0);
    await assert.rejects(call, { code: "cancelled" });
    holder.release();
  });

  test("that throws is a fault, and the call waits on", async (t) => {
    const gate = testGate(t);
    const faults: unknown[] = [];
    gate.on("fault", ({ during, error }) => faults.push([during, error]));
    const holder = await gate.acquire();
    const error = new Error("theirs");
    const call = gate.acquire({
      onEnqueue: () => {
        throw error;
      },
    });
    assert.deepEqual(faults, [["onEnqueue", error]]);
    assert.equal(gate.waiting, 1);
    holder.release();
    (await call).release();
  });
});

suite("cancel", () => {
  test("ends that waiter and nobody else, with an error that says so", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, name: "gpu" });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const before = order.join("before");
    const { id, call } = wait(gate, { label: "digest" });
    const after = order.join("after");
    const cancelled = assert.rejects(call, {
      code: "cancelled",
      stage: "evicted",
      waitedMs: 7,
      waiting: 2,
      message: /gate "gpu": digest .* cancelled by id/,
    });
    clock.advance(7);
    assert.equal(gate.cancel(id), true);
    assert.equal(gate.cancel(id), false);
    await cancelled;
    holder.release();
    await Promise.all([before, after]);
    assert.deepEqual(order.names, ["before", "after"]);
  });

  test("never touches a holder, nor a call that is over", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    assert.equal(gate.cancel(holder.id), false);
    assert.equal(holder.released, false);
    holder.release();
    assert.equal(gate.cancel(holder.id), false);
  });

  test("takes ids as they were given and nothing that merely looks like one", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { id, call } = wait(gate);
    assert.equal(id, "2");
    for (const other of ["", "1", "3", " 2", "2 ", "2.0", "0x2", "2e0", "+2", "02", "nobody", "NaN"]) {
      assert.equal(gate.cancel(other), false, `"${other}"`);
      assert.equal(gate.reprioritise(other, 0), false, `"${other}"`);
    }
    assert.equal(gate.waiting, 1);
    holder.release();
    (await call).release();
  });
});

suite("reprioritise", () => {
  test("puts a waiter where it would have stood with that priority from the start", async (t) => {
    for (const agingMs of [undefined, 1000, 333]) {
      const clock = new ManualClock();
      const gate = testGate(t, { clock, agingMs });
      const order = new ServiceOrder(gate);
      const holder = await gate.acquire();
      clock.advance(0.1);
      const calls = [order.join("early", { priority: 7 })];
      const moved = wait(gate);
      calls.push(
        moved.call.then((permit) => {
          order.names.push("moved");
          return void permit.release();
        }),
        order.join("late", { priority: 7 }),
        order.join("later", { priority: 8 }),
      );
      assert.equal(gate.reprioritise(moved.id, 7), true);
      holder.release();
      await Promise.all(calls);
      assert.deepEqual(order.names, ["early", "moved", "late", "later"], `agingMs ${agingMs}`);
    }
  });

  test("there and back changes nothing", async (t) => {
    for (const agingMs of [undefined, 1000, 333]) {
      const clock = new ManualClock();
      clock.jump(2_215_690.270516468);
      const gate = testGate(t, { clock, agingMs });
      const holder = await gate.acquire();
      const waits = [1, 2, 3].map(() => wait(gate));
      for (const priority of [0, 33, 10, 77, 1.1, 100]) {
        for (const { id } of waits.toReversed()) gate.reprioritise(id, priority);
      }
      assert.deepEqual(
        gate.snapshot().waiters.map(({ id }) => id),
        waits.map(({ id }) => id),
      );
      holder.release();
      for (const { call } of waits) (await call).release();
    }
  });

  test("lets the waiter keep its wait, its time limit and its signal", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const controller = new AbortController();
    const limited = wait(gate, { timeoutMs: 10 });
    const abortable = wait(gate, { signal: controller.signal });
    const ends = [
      assert.rejects(limited.call, { code: "queue_timeout", waitedMs: 10 }),
      assert.rejects(abortable.call, { name: "AbortError" }),
    ];
    clock.advance(4);
    gate.reprioritise(limited.id, FOREGROUND);
    gate.reprioritise(abortable.id, 1000);
    assert.deepEqual(
      gate.snapshot().waiters.map(({ waitedMs }) => waitedMs),
      [4, 4],
    );
    clock.advance(6);
    controller.abort();
    await Promise.all(ends);
    holder.release();
  });

  test("never touches a holder, nor a call that is over", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    assert.equal(gate.reprioritise(holder.id, FOREGROUND), false);
    assert.equal(holder.priority, Priority.BACKGROUND);
    holder.release();
    assert.equal(gate.reprioritise(holder.id, FOREGROUND), false);
  });

  test("is seen by the permit", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { id, call } = wait(gate);
    gate.reprioritise(id, 12);
    holder.release();
    const permit = await call;
    assert.equal(permit.priority, 12);
    permit.release();
  });
});
