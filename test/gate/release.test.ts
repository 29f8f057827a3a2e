import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

suite("a second release", () => {
  test("is a no-op, says so, and never mints a permit", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    assert.equal(permit.release(), true);
    assert.equal(permit.released, true);
    for (let n = 0; n < 10; n++) assert.equal(permit.release(), false);
    assert.equal(gate.held, 0);
    const first = gate.tryAcquire();
    assert.equal(gate.tryAcquire(), undefined);
    first?.release();
  });

  test("does not take the permit from whoever got it next", async (t) => {
    const gate = testGate(t);
    const mine = await gate.acquire();
    const next = gate.acquire();
    const third = gate.acquire();
    mine.release();
    mine.release();
    const theirs = await next;
    assert.equal(theirs.released, false);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 1 });
    theirs.release();
    (await third).release();
  });

  test("is a no-op also by way of dispose, after the permit was given back by hand", async (t) => {
    const gate = testGate(t);
    const events: string[] = [];
    gate.on("release", ({ id }) => events.push(id));
    {
      using permit = await gate.acquire();
      permit.release();
    }
    {
      await using permit = await gate.acquire();
      permit.release();
    }
    assert.deepEqual(events, ["1", "2"]);
  });
});

suite("the end of a scope", () => {
  test("gives back a permit declared with using", async (t) => {
    const gate = testGate(t);
    {
      using _ = await gate.acquire();
      assert.equal(gate.held, 1);
    }
    assert.equal(gate.held, 0);
  });

  test("gives back a permit declared with await using", async (t) => {
    const gate = testGate(t);
    {
      await using _ = await gate.acquire();
      assert.equal(gate.held, 1);
    }
    assert.equal(gate.held, 0);
  });

  test("gives back a permit when the scope throws", async (t) => {
    const gate = testGate(t);
    const fail = async (): Promise<void> => {
      using _ = await gate.acquire();
      throw new Error("in the scope");
    };
    await assert.rejects(fail, { message: "in the scope" });
    assert.equal(gate.held, 0);
  });

  test("takes the undefined of a tryAcquire that failed", async (t) => {
    const gate = testGate(t);
    using first = gate.tryAcquire();
    {
      using second = gate.tryAcquire();
      assert.equal(second, undefined);
    }
    assert.equal(first?.released, false);
  });

  test("gives the permits of a stack back in reverse order", async (t) => {
    const gate = testGate(t, 2);
    const released: string[] = [];
    gate.on("release", ({ label }) => released.push(label ?? ""));
    {
      using stack = new DisposableStack();
      stack.use(await gate.acquire({ label: "outer" }));
      stack.use(await gate.acquire({ label: "inner" }));
    }
    assert.deepEqual(released, ["inner", "outer"]);
  });
});

suite("a release is taken", () => {
  test("after close", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    gate.close();
    assert.equal(gate.held, 1);
    assert.equal(permit.release(), true);
    assert.equal(permit.release(), false);
    assert.equal(gate.held, 0);
  });

  test("while the gate is paused, and dispatches nobody before unpause", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const permit = await gate.acquire();
    const waiter = order.join("waiter");
    gate.pause();
    assert.equal(permit.release(), true);
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 0, waiting: 1 });
    gate.unpause();
    await waiter;
  });

  test("from within a listener of the very release, as a no-op", async (t) => {
    const gate = testGate(t);
    const permit = await gate.acquire();
    const answers: boolean[] = [];
    gate.on("release", () => answers.push(permit.release()));
    answers.push(permit.release());
    assert.deepEqual(answers, [false, true]);
  });
});

test("a permit tells its id, priority, label and how long it waited", async (t) => {
  const clock = new ManualClock();
  const gate = testGate(t, { clock });
  const holder = await gate.acquire();
  assert.deepEqual(
    [holder.id, holder.priority, holder.label, holder.waitedMs],
    ["1", Priority.BACKGROUND, undefined, 0],
  );
  const waiting = gate.acquire({ priority: 7, label: "seven" });
  clock.advance(250);
  holder.release();
  clock.advance(250);
  const permit = await waiting;
  assert.deepEqual([permit.id, permit.priority, permit.label, permit.waitedMs], ["2", 7, "seven", 250]);
  permit.release();
  assert.deepEqual([permit.id, permit.priority, permit.label, permit.waitedMs], ["2", 7, "seven", 250]);
});

test("only permits release: the gate itself offers no way to mint one", async (t) => {
  const gate = testGate(t);
  assert.equal("release" in gate, false);
});

test("a permit is no thenable: awaiting it yields itself", async (t) => {
  const gate = testGate(t);
  const permit = await gate.acquire();
  assert.equal(await Promise.resolve(permit), permit);
  permit.release();
});
