import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority, type AcquireOptions, type PlaceInLine, type Gate } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

const { FOREGROUND } = Priority;

/** A caller who waits, loses patience and can say which call that was. */
async function giveUp(gate: Gate, clock: ManualClock, options: AcquireOptions = {}): Promise<PlaceInLine> {
  const arrivedAt = clock.now();
  let id: string | undefined;
  const call = gate.acquire({ ...options, onEnqueue: (given) => (id = given), timeoutMs: 10 });
  const refused = assert.rejects(call, { code: "queue_timeout" });
  clock.advance(10);
  await refused;
  return { id: id!, arrivedAt };
}

suite("place", () => {
  test("a retry waits in the place of its first attempt: before whoever came after that one", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const all = [order.join("before")];
    const first = await giveUp(gate, clock);
    all.push(
      order.join("after"),
      order.join("retry", { place: first }),
      order.join("person", { priority: FOREGROUND }),
    );
    holder.release();
    await Promise.all(all);
    assert.deepEqual(order.names, ["person", "before", "retry", "after"]);
  });

  test("a retry has the id of its first attempt, and its waiting counts from that arrival", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const first = await giveUp(gate, clock);
    clock.advance(90);
    let id: string | undefined;
    const retry = gate.acquire({ place: first, onEnqueue: (given) => (id = given) });
    assert.equal(id, first.id);
    assert.equal(gate.snapshot().waiters[0]!.waitedMs, 100);
    clock.advance(900);
    holder.release();
    const permit = await retry;
    assert.equal(permit.id, first.id);
    assert.equal(permit.waitedMs, 1000);
    clock.advance(5);
    assert.equal(gate.snapshot().holders[0]!.heldMs, 5);
    permit.release();
  });

  test("a retry that is granted at once has not waited, and holds from now on", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const first = await giveUp(gate, clock);
    holder.release();
    clock.advance(1000);
    const permit = await gate.acquire({ place: first });
    assert.equal(permit.waitedMs, 0);
    assert.equal(gate.snapshot().holders[0]!.heldMs, 0);
    permit.release();
  });

  test("the time limit of a retry counts from the retry", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const first = await giveUp(gate, clock);
    clock.advance(1000);
    const retry = assert.rejects(gate.acquire({ place: first, timeoutMs: 50 }), { code: "queue_timeout" });
    clock.advance(49);
    assert.equal(gate.waiting, 1);
    clock.advance(1);
    await retry;
    holder.release();
  });

  test("under aging a retry falls due when its first attempt would have", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, agingMs: 1000 });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const first = await giveUp(gate, clock);
    clock.advance(1500);
    const all = [order.join("person", { priority: FOREGROUND }), order.join("retry", { place: first })];
    holder.release();
    await Promise.all(all);
    assert.deepEqual(order.names, ["retry", "person"]);
  });

  test("a retry that is given up can be repeated again, still in the first place", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const first = await giveUp(gate, clock);
    const after = order.join("after");
    assert.deepEqual((await giveUp(gate, clock, { place: first })).id, first.id);
    const retry = order.join("retry", { place: first });
    holder.release();
    await Promise.all([after, retry]);
    assert.deepEqual(order.names, ["retry", "after"]);
  });

  test("an unusable place throws at once and leaves the gate as it was", (t) => {
    const gate = testGate(t);
    for (const place of [
      { id: "", arrivedAt: NaN },
      { id: "x", arrivedAt: 0 },
      { id: "1", arrivedAt: Infinity },
    ]) {
      assert.throws(() => gate.acquire({ place }), { name: "TypeError", message: /^place must be/ });
    }
    assert.equal(gate.held, 0);
  });
});
