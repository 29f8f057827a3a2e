import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

suite("nobody barges in", () => {
  test("a holder that releases and acquires in one turn goes behind the line", async (t) => {
    const gate = testGate(t);
    const served: string[] = [];
    const holder = await gate.acquire();
    const waiter = gate.run(() => void served.push("waiter"));
    holder.release();
    const again = gate.run(() => void served.push("again"));
    await Promise.all([waiter, again]);
    assert.deepEqual(served, ["waiter", "again"]);
  });

  test("not even the foreground overtakes a waiter that was chosen and has not run yet", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const chosen = order.join("chosen");
    holder.release();
    const foreground = order.join("foreground", { priority: Priority.FOREGROUND });
    await Promise.all([chosen, foreground]);
    assert.deepEqual(order.names, ["chosen", "foreground"]);
  });

  test("no newcomer finds a free permit in any microtask between a release and the waiter's continuation", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    let continued = false;
    const waiter = gate.acquire().then((permit) => {
      continued = true;
      return permit;
    });
    holder.release();
    while (!continued) {
      assert.equal(gate.tryAcquire({ priority: Priority.FOREGROUND }), undefined);
      await Promise.resolve();
    }
    (await waiter).release();
  });

  test("a crowd of greedy newcomers delays a waiter by nobody", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const waiter = order.join("waiter");
    const greedy = Array.from({ length: 50 }, async (_, n) => {
      for (let round = 0; round < 3; round++) await order.join(`greedy ${n}`);
    });
    holder.release();
    await Promise.all([waiter, ...greedy]);
    assert.equal(order.names[0], "waiter");
    assert.equal(order.names.length, 151);
  });
});

suite("tryAcquire", () => {
  test("takes a free permit within the call, and none that is held", (t) => {
    const gate = testGate(t, 2);
    const permits = [gate.tryAcquire({ priority: 5, label: "five" }), gate.tryAcquire()];
    assert.deepEqual(
      permits.map((permit) => [permit?.priority, permit?.label]),
      [
        [5, "five"],
        [100, undefined],
      ],
    );
    assert.equal(gate.tryAcquire({ priority: Priority.FOREGROUND }), undefined);
    for (const permit of permits) permit?.release();
  });

  test("takes nothing from a gate that is paused, draining or closed", async (t) => {
    const gate = testGate(t, 2);
    gate.pause();
    assert.equal(gate.tryAcquire(), undefined);
    gate.unpause();
    const holder = gate.tryAcquire();
    const drained = gate.drain();
    assert.equal(gate.tryAcquire(), undefined);
    holder?.release();
    await drained;
    assert.equal(gate.tryAcquire(), undefined);
  });

  test("never overtakes a waiter that could use the permit", async (t) => {
    const gate = testGate(t);
    gate.pause();
    const waiter = gate.acquire({ priority: 1000 });
    gate.unpause();
    assert.equal(gate.tryAcquire({ priority: Priority.FOREGROUND }), undefined);
    (await waiter).release();
  });

  test("throws for an unusable priority and takes nothing", (t) => {
    const gate = testGate(t);
    assert.throws(() => gate.tryAcquire({ priority: NaN }), TypeError);
    assert.equal(gate.held, 0);
  });
});

suite("a release", () => {
  test("charges the permit to the waiter before it returns", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const waiter = gate.acquire({ label: "waiter" });
    holder.release();
    assert.deepEqual(
      gate.snapshot().holders.map(({ label }) => label),
      ["waiter"],
    );
    assert.equal(gate.waiting, 0);
    (await waiter).release();
  });

  test("never runs the waiter's own code: that comes in a microtask after the releasing code", async (t) => {
    const gate = testGate(t);
    const events: string[] = [];
    const holder = await gate.acquire();
    const waiter = gate.run(() => void events.push("waiter"));
    holder.release();
    events.push("releaser goes on");
    await waiter;
    assert.deepEqual(events, ["releaser goes on", "waiter"]);
  });
});

suite("several grants of one turn", () => {
  test("resolve in the order of the line, by releases", async (t) => {
    const gate = testGate(t, 3);
    const order = new ServiceOrder(gate);
    const holders = [await gate.acquire(), await gate.acquire(), await gate.acquire()];
    const calls = [order.join("b"), order.join("c"), order.join("a", { priority: Priority.FOREGROUND })];
    for (const holder of holders) holder.release();
    await Promise.all(calls);
    assert.deepEqual(order.names, ["a", "b", "c"]);
  });

  test("resolve in the order of the line, by one resize", async (t) => {
    const gate = testGate(t, 0);
    const order = new ServiceOrder(gate);
    const calls = [order.join("b"), order.join("c"), order.join("a", { priority: Priority.FOREGROUND })];
    gate.resize(2);
    await Promise.all(calls);
    assert.deepEqual(order.names, ["a", "b", "c"]);
  });
});

suite("very many", () => {
  const MANY = 100_000;
  /** Many more calls than fit on a stack. */
  const DEEP = 20_000;

  test("hand-offs from one waiter to the next keep their order", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    let served = 0;
    let inOrder = true;
    const calls = Array.from({ length: MANY }, (_, n) =>
      gate.run(() => {
        inOrder &&= served++ === n;
      }),
    );
    holder.release();
    await Promise.all(calls);
    assert.deepEqual({ served, inOrder }, { served: MANY, inOrder: true });
  });

  test("hand-offs within one turn, each from the listener of the one before, do not overflow the stack", (t) => {
    const gate = testGate(t);
    let left = MANY;
    gate.on("release", () => {
      if (left-- > 0) gate.tryAcquire()?.release();
    });
    gate.tryAcquire()?.release();
    assert.equal(left, -1);
  });

  test("waiters cancelled within one turn, each from the listener of the one before, do not overflow the stack", async (t) => {
    const gate = testGate(t, 0);
    const ids: string[] = [];
    const onEnqueue = (id: string): unknown => ids.push(id);
    const calls = Array.from({ length: DEEP }, () => gate.acquire({ onEnqueue }));
    let cancelled = 0;
    gate.on("evict", () => gate.cancel(ids[++cancelled] ?? "nobody"));
    gate.cancel(ids[0]!);
    assert.deepEqual({ cancelled, waiting: gate.waiting }, { cancelled: DEEP, waiting: 0 });
    const outcomes = await Promise.allSettled(calls);
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
  });

  test("permits granted by one resize do not overflow the stack", async (t) => {
    const gate = testGate(t, 0);
    const calls = Array.from({ length: MANY }, () => gate.acquire());
    gate.resize(Infinity);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: MANY, waiting: 0 });
    const permits: Permit[] = await Promise.all(calls);
    for (const permit of permits) permit.release();
  });
});
