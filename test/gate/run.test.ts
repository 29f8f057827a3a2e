import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

suite("the permit comes back however the task ends", () => {
  const endings: Record<string, { task: () => unknown; outcome: PromiseSettledResult<unknown> }> = {
    "it returns": { task: () => 7, outcome: { status: "fulfilled", value: 7 } },
    "it returns nothing": { task: () => undefined, outcome: { status: "fulfilled", value: undefined } },
    "its promise resolves": { task: () => Promise.resolve(7), outcome: { status: "fulfilled", value: 7 } },
    "its promise rejects": { task: () => Promise.reject(new Error("x")), outcome: rejectedWith(new Error("x")) },
    "it throws at once": {
      task: () => {
        throw new Error("y");
      },
      outcome: rejectedWith(new Error("y")),
    },
    "it throws undefined": {
      task: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- that anything can be thrown is the point
        throw undefined;
      },
      outcome: rejectedWith(undefined),
    },
    "its thenable resolves": {
      task: () => thenable((resolve) => resolve(7)),
      outcome: { status: "fulfilled", value: 7 },
    },
    "its thenable rejects": { task: () => thenable((_, reject) => reject("z")), outcome: rejectedWith("z") },
    "its thenable throws": {
      task: () =>
        thenable(() => {
          throw new Error("then");
        }),
      outcome: rejectedWith(new Error("then")),
    },
  };
  for (const [ending, { task, outcome }] of Object.entries(endings)) {
    test(`when ${ending}`, async (t) => {
      const gate = testGate(t);
      assert.deepEqual(await Promise.allSettled([gate.run(task)]), [outcome]);
      assert.equal(gate.held, 0);

      const holder = await gate.acquire();
      const queued = Promise.allSettled([gate.run(task)]);
      const next = gate.run(() => "next");
      holder.release();
      assert.deepEqual(await queued, [outcome]);
      assert.equal(await next, "next");
    });
  }

  test("once, even if the task released it itself and somebody else holds it now", async (t) => {
    const gate = testGate(t);
    const other = Promise.withResolvers<void>();
    await gate.run(async (permit) => {
      permit.release();
      void gate.run(() => other.promise);
      await nextTurn();
    });
    assert.equal(gate.held, 1);
    other.resolve();
    await nextTurn();
  });
});

test("the permit is back before the promise of run settles", async (t) => {
  const gate = testGate(t);
  const held: number[] = [];
  await gate.run(() => undefined).then(() => held.push(gate.held));
  await gate.run(() => Promise.reject(new Error("x"))).catch(() => held.push(gate.held));
  assert.deepEqual(held, [0, 0]);
});

test("on a free gate the task starts within the call, on a busy one never", async (t) => {
  const gate = testGate(t);
  const started: string[] = [];
  const work = Promise.withResolvers<void>();
  const first = gate.run(() => {
    started.push("first");
    return work.promise;
  });
  assert.deepEqual(started, ["first"]);
  const second = gate.run(() => void started.push("second"));
  assert.deepEqual(started, ["first"]);
  work.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(started, ["first", "second"]);
});

test("the task is given the permit it runs under", async (t) => {
  const gate = testGate(t);
  await gate.run(
    (permit) => {
      assert.deepEqual([permit.priority, permit.label, permit.released], [3, "mine", false]);
    },
    { priority: 3, label: "mine" },
  );
});

suite("an aborted signal", () => {
  test("between grant and call: the task is not called, and the permit goes on", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const controller = new AbortController();
    const aborted = order.join("aborted", { signal: controller.signal });
    const next = order.join("next");
    holder.release();
    controller.abort("between");
    await assert.rejects(aborted, (reason) => reason === "between");
    await next;
    assert.deepEqual(order.names, ["next"]);
  });

  test("before the call: the task is not called, even if a permit is free", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    await assert.rejects(order.join("never", { signal: AbortSignal.abort("before") }), (reason) => reason === "before");
    assert.deepEqual(order.names, []);
  });

  test("by a listener of the grant itself: the task is not called", async (t) => {
    for (const busy of [false, true]) {
      const gate = testGate(t);
      const order = new ServiceOrder(gate);
      const controller = new AbortController();
      const holder = busy ? await gate.acquire() : undefined;
      gate.on("dispatch", () => controller.abort("listener"));
      const call = assert.rejects(
        order.join("never", { signal: controller.signal }),
        (reason) => reason === "listener",
      );
      holder?.release();
      await call;
      assert.deepEqual(order.names, [], busy ? "on a busy gate" : "on a free gate");
    }
  });

  test("while the task runs: the task runs to its end", async (t) => {
    const gate = testGate(t);
    const controller = new AbortController();
    const result = await gate.run(
      async () => {
        controller.abort();
        await nextTurn();
        return "to the end";
      },
      { signal: controller.signal },
    );
    assert.equal(result, "to the end");
  });
});

test("a task that gets no permit is not called, and run rejects as acquire does", async (t) => {
  const gate = testGate(t, { maxWaiting: 1 });
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const displaced = assert.rejects(order.join("displaced"), { code: "displaced", stage: "evicted" });
  await assert.rejects(order.join("full", { priority: 200 }), { code: "queue_full", stage: "rejected" });
  const closed = assert.rejects(order.join("closed", { priority: Priority.FOREGROUND }), { code: "closed" });
  await displaced;
  gate.close();
  await closed;
  holder.release();
  assert.deepEqual(order.names, []);
});

test("a parked task whose wait ends in vain has given its permit back already", async (t) => {
  const gate = testGate(t);
  const sooner: Promise<unknown>[] = [];
  const parked = gate.run(async (permit) => {
    sooner.push(gate.run(() => void gate.cancel(permit.id), { priority: Priority.FOREGROUND }));
    await permit.yield();
  });
  await assert.rejects(parked, { code: "cancelled", stage: "parked" });
  await Promise.all(sooner);
});

test("mistakes in the arguments are thrown by the call itself, and hold nothing", (t) => {
  const gate = testGate(t);
  const task = (): void => assert.fail("called");
  assert.throws(() => gate.run("task" as never), { name: "TypeError", message: /function.*task/ });
  assert.throws(() => gate.run(task, { priority: NaN }), { name: "TypeError", message: /priority.*NaN/ });
  assert.throws(() => gate.run(task, { timeoutMs: -1 }), { name: "RangeError", message: /timeoutMs.*-1/ });
  assert.throws(() => gate.run(task, { signal: "signal" as never }), { name: "TypeError", message: /signal.*signal/ });
});

function rejectedWith(reason: unknown): PromiseRejectedResult {
  return { status: "rejected", reason };
}

function thenable(then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void): unknown {
  // oxlint-disable-next-line unicorn/no-thenable -- the point
  return { then };
}
