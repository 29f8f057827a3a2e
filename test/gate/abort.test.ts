import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Priority, type AbortSignalLike, type Gate, type Permit } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ServiceOrder } from "../support/service-order.ts";

/** A settled promise's value or reason, so that a test can look at a rejection without `assert.rejects` around it. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return (await Promise.allSettled([promise]))[0];
}

suite("an abort in the same turn as a release", () => {
  test("before it: the waiter is gone at once and the permit goes to the next", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const holder = await gate.acquire();
    const controller = new AbortController();
    const aborted = outcomeOf(order.join("aborted", { signal: controller.signal }));
    const next = order.join("next");
    controller.abort("gone");
    assert.equal(gate.waiting, 1);
    holder.release();
    assert.deepEqual(await aborted, { status: "rejected", reason: "gone" });
    await next;
    assert.deepEqual(order.names, ["next"]);
  });

  test("after it: the grant wins, and the caller owns the permit", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const controller = new AbortController();
    const granted = gate.acquire({ signal: controller.signal });
    holder.release();
    controller.abort("too late");
    const permit = await granted;
    assert.equal(permit.released, false);
    assert.equal(gate.held, 1);
    permit.release();
  });
});

suite("a signal that is aborted before the call", () => {
  test("rejects with its reason and is never queued, even if a permit is free", async (t) => {
    const gate = testGate(t);
    const rejected: unknown[] = [];
    gate.on("*", (event) => rejected.push(event.type === "reject" ? event.code : event.type));
    const reason = new Error("before");
    await assert.rejects(gate.acquire({ signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(rejected, ["aborted"]);
  });

  test("rejects with its reason also when the gate is closed or full", async (t) => {
    const gate = testGate(t, { maxWaiting: 0 });
    const holder = await gate.acquire();
    await assert.rejects(gate.acquire({ signal: AbortSignal.abort("x") }), (reason) => reason === "x");
    holder.release();
    gate.close();
    await assert.rejects(gate.acquire({ signal: AbortSignal.abort("y") }), (reason) => reason === "y");
  });
});

test("an abort after the permit was given changes nothing", async (t) => {
  const gate = testGate(t);
  const controller = new AbortController();
  const permit = await gate.acquire({ signal: controller.signal });
  controller.abort();
  assert.equal(permit.released, false);
  assert.equal(permit.signal.aborted, false);
  assert.equal(permit.release(), true);
});

test("the reason reaches the caller untouched, whatever it is", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  for (const reason of [null, 0, "", "text", Symbol("symbol"), { code: 1 }, new TypeError("theirs"), () => undefined]) {
    const controller = new AbortController();
    const call = outcomeOf(gate.acquire({ signal: controller.signal }));
    controller.abort(reason);
    assert.deepEqual(await call, { status: "rejected", reason });
  }
  holder.release();
});

test("an abort without a reason rejects with the platform's AbortError", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const controller = new AbortController();
  const call = assert.rejects(gate.acquire({ signal: controller.signal }), (error) => {
    assert.ok(error instanceof DOMException);
    return error.name === "AbortError" && error === controller.signal.reason;
  });
  controller.abort();
  await call;
  holder.release();
});

test("AbortSignal.timeout and AbortSignal.any end a wait as any other signal does", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const timeout = gate.acquire({ signal: AbortSignal.timeout(1) });
  await assert.rejects(timeout, { name: "TimeoutError" });
  const controller = new AbortController();
  const either = outcomeOf(gate.acquire({ signal: AbortSignal.any([AbortSignal.timeout(60_000), controller.signal]) }));
  controller.abort("any");
  assert.deepEqual(await either, { status: "rejected", reason: "any" });
  holder.release();
});

test("one signal ends all of its waiters and nobody else", async (t) => {
  const gate = testGate(t);
  const order = new ServiceOrder(gate);
  const holder = await gate.acquire();
  const { signal, abort } = controllerOf();
  const ended = [0, 1, 2].map((n) => outcomeOf(order.join(`ended ${n}`, { signal, priority: n })));
  const stays = order.join("stays", { signal: new AbortController().signal });
  abort("all of them");
  assert.equal(gate.waiting, 1);
  for (const outcome of await Promise.all(ended)) {
    assert.deepEqual(outcome, { status: "rejected", reason: "all of them" });
  }
  holder.release();
  await stays;
  assert.deepEqual(order.names, ["stays"]);
});

test("the head, the middle and the tail of 100 000 waiters can abort, and the others keep their order", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const controllers = new Map([0, 50_000, 99_999].map((index) => [index, new AbortController()]));
  const outcomes = new Map<number, Promise<unknown>>();
  const served: number[] = [];
  const calls: Promise<void>[] = [];
  for (let n = 0; n < 100_000; n++) {
    const signal = controllers.get(n)?.signal;
    const call = gate.run(() => void served.push(n), { signal });
    if (signal === undefined) calls.push(call);
    else outcomes.set(n, outcomeOf(call));
  }
  let waiting = 100_000;
  for (const [index, controller] of controllers) {
    controller.abort(`${index} left`);
    assert.equal(gate.waiting, --waiting);
    assert.deepEqual(await outcomes.get(index), { status: "rejected", reason: `${index} left` });
  }
  holder.release();
  await Promise.all(calls);
  assert.equal(served.length, waiting);
  assert.ok(served.every((n, at) => at === 0 || served[at - 1]! < n));
});

suite("another listener of the same signal", () => {
  test("that releases the permit gives it to the next live waiter, never to the aborted one", async (t) => {
    for (const [registered, listen] of [
      ["before the gate's", true],
      ["after the gate's", false],
    ] as const) {
      const gate = testGate(t);
      const order = new ServiceOrder(gate);
      const holder = await gate.acquire();
      const { signal, abort } = controllerOf();
      const release = (): void => void holder.release();
      if (listen) signal.addEventListener("abort", release);
      const aborted = outcomeOf(order.join("aborted", { signal, priority: Priority.FOREGROUND }));
      const next = order.join("next");
      if (!listen) signal.addEventListener("abort", release);
      abort("both");
      assert.deepEqual(await aborted, { status: "rejected", reason: "both" }, registered);
      await next;
      assert.deepEqual(order.names, ["next"], registered);
    }
  });

  test("that stops the event does not leave the waiter hanging", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { signal, abort } = controllerOf();
    signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    const call = outcomeOf(gate.acquire({ signal }));
    abort("stopped");
    assert.equal(gate.waiting, 0);
    assert.deepEqual(await call, { status: "rejected", reason: "stopped" });
    holder.release();
  });

  test("that calls the gate again with the signal is refused like anybody", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { signal, abort } = controllerOf();
    const outcomes: Promise<unknown>[] = [];
    signal.addEventListener("abort", () => outcomes.push(outcomeOf(gate.acquire({ signal }))));
    outcomes.push(outcomeOf(gate.acquire({ signal })));
    abort("once");
    assert.equal(gate.waiting, 0);
    assert.deepEqual(await Promise.all(outcomes), [
      { status: "rejected", reason: "once" },
      { status: "rejected", reason: "once" },
    ]);
    holder.release();
  });

  test("that yields a permit to the aborted waiter has it back at once", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { signal, abort } = controllerOf();
    const yielded: Promise<boolean>[] = [];
    signal.addEventListener("abort", () => yielded.push(holder.yield()));
    const person = outcomeOf(gate.acquire({ signal, priority: Priority.FOREGROUND }));
    abort("gone");
    assert.deepEqual({ held: gate.held, waiting: gate.waiting }, { held: 1, waiting: 0 });
    assert.deepEqual(await person, { status: "rejected", reason: "gone" });
    await Promise.all(yielded);
    assert.equal(holder.release(), true);
  });

  test("that closes the gate ends the waiter once, and the later abort finds nothing to do", async (t) => {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const { signal, abort } = controllerOf();
    signal.addEventListener("abort", () => gate.close());
    const ends: unknown[] = [];
    gate.on("evict", ({ code }) => ends.push(code));
    const closed = assert.rejects(gate.acquire({ signal }), { code: "closed" });
    abort("and closed");
    await closed;
    assert.deepEqual(ends, ["closed"]);
    holder.release();
  });
});

test("a signal that is no platform AbortSignal works if it looks like one", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const signal = new HandMadeSignal();
  const call = outcomeOf(gate.acquire({ signal }));
  signal.abort("hand-made");
  assert.deepEqual(await call, { status: "rejected", reason: "hand-made" });
  assert.equal(signal.listeners.size, 0);
  holder.release();
});

test("a call abandoned by Promise.race leaves the line when its signal aborts", async (t) => {
  const gate = testGate(t);
  const holder = await gate.acquire();
  const { signal, abort } = controllerOf();
  const winner = await Promise.race([gate.acquire({ signal }).catch(() => "left"), Promise.resolve("sooner")]);
  assert.equal(winner, "sooner");
  abort();
  assert.equal(gate.waiting, 0);
  holder.release();
  assert.equal(gate.held, 0);
});

test("aborts and grants, in any interleaving of one turn, give each call exactly one outcome", async (t) => {
  const interleavings = [
    { steps: ["abort a", "abort b", "release"], outcomes: ["abort a", "abort b", "ran"] },
    { steps: ["abort b", "abort a", "release"], outcomes: ["abort a", "abort b", "ran"] },
    { steps: ["abort a", "release", "abort b"], outcomes: ["abort a", "ran", "ran"] },
    { steps: ["abort b", "release", "abort a"], outcomes: ["ran", "abort b", "ran"] },
    { steps: ["release", "abort a", "abort b"], outcomes: ["ran", "abort b", "ran"] },
    { steps: ["release", "abort b", "abort a"], outcomes: ["ran", "abort b", "ran"] },
  ];
  for (const { steps, outcomes } of interleavings) {
    const gate = testGate(t);
    const holder = await gate.acquire();
    const a = controllerOf();
    const b = controllerOf();
    const calls = [callOf(gate, a.signal), callOf(gate, b.signal), callOf(gate, undefined)];
    for (const step of steps) {
      if (step === "release") holder.release();
      else (step === "abort a" ? a : b).abort(step);
    }
    assert.deepEqual(await Promise.all(calls), outcomes, steps.join(", "));
  }
});

async function callOf(gate: Gate, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    using _: Permit = await gate.acquire({ signal });
    return "ran";
  } catch (reason) {
    return reason;
  }
}

function controllerOf(): { signal: AbortSignal; abort: (reason?: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

class HandMadeSignal implements AbortSignalLike {
  readonly listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;

  addEventListener(_type: "abort", listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}
