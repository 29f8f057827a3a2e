/** What a listener does wrong harms nobody: neither the call, nor the gate, nor the other listeners. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Gate, GateEvent, GateEventName } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ServiceOrder } from "../support/service-order.ts";

function faultsOf(gate: Gate): GateEvent<"fault">[] {
  const faults: GateEvent<"fault">[] = [];
  gate.on("fault", (event) => faults.push(event));
  return faults;
}

/** Takes a gate through every kind of event but the timed ones. */
async function liveThrough(gate: Gate): Promise<string[]> {
  const order = new ServiceOrder(gate);
  const controller = new AbortController();
  const holder = await gate.acquire({ preemptible: true });
  const aborted = order.join("aborted", { signal: controller.signal }).catch(() => undefined);
  const calls = [order.join("last"), order.join("person", { priority: 0 })];
  await order.join("refused", { signal: AbortSignal.abort() }).catch(() => undefined);
  controller.abort();
  const parked = holder.yield();
  gate.pause();
  gate.resize(1);
  gate.unpause();
  await parked;
  holder.release();
  await Promise.all([aborted, ...calls]);
  await gate.drain();
  return order.names;
}

const EVENTS: readonly GateEventName[] = [
  "enqueue",
  "dispatch",
  "release",
  "reject",
  "evict",
  "preempt",
  "park",
  "state",
];

suite("a listener that", () => {
  for (const name of EVENTS) {
    for (const [how, fail] of [
      ["throws", thrower],
      ["rejects", rejecter],
    ] as const) {
      test(`${how} on ${name} changes nothing for anybody`, async (t) => {
        const gate = testGate(t);
        const faults = faultsOf(gate);
        const error = new Error(name);
        gate.on(name, fail(error));
        const heard: string[] = [];
        gate.on(name, ({ type }) => heard.push(type));
        assert.deepEqual(await liveThrough(gate), ["person", "last"]);
        await nextTurn();
        assert.ok(heard.length > 0);
        assert.equal(faults.length, heard.length);
        for (const fault of faults) assert.deepEqual([fault.during, fault.error], [name, error]);
      });
    }
  }

  test("throws undefined, or returns a thenable that does, has failed like any other", async (t) => {
    const gate = testGate(t);
    const faults = faultsOf(gate);
    gate.on("dispatch", thrower(undefined));
    gate.on("dispatch", () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- the point
      then: thrower("in then"),
    }));
    gate.on("dispatch", () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- the point
      get then(): never {
        throw new Error("getter");
      },
    }));
    (await gate.acquire()).release();
    assert.deepEqual(
      faults.map(({ error }) => error),
      [undefined, "in then", new Error("getter")],
    );
  });

  test("fails does not keep a permit from being handed on, or its own call from getting one", async (t) => {
    const gate = testGate(t);
    faultsOf(gate);
    gate.on("*", thrower(new Error("everywhere")));
    t.mock.method(console, "warn", () => undefined);
    const first = await gate.acquire();
    const second = gate.acquire();
    assert.equal(first.release(), true);
    (await second).release();
    await gate.run(() => undefined);
  });

  test("fails on a fault is told on the console, once, and not round in circles", async (t) => {
    const warn = t.mock.method(console, "warn", () => undefined).mock;
    const gate = testGate(t);
    gate.on("fault", thrower(new Error("on the fault")));
    gate.on("fault", rejecter(new Error("later, on the fault")));
    gate.on("dispatch", thrower(new Error("first")));
    (await gate.acquire()).release();
    await nextTurn();
    assert.deepEqual(
      warn.calls.map(({ arguments: [, error] }) => error as unknown),
      [new Error("on the fault"), new Error("later, on the fault")],
    );
  });

  test("fails is told on the console when nobody listens for faults", async (t) => {
    const warn = t.mock.method(console, "warn", () => undefined).mock;
    const gate = testGate(t, { name: "gpu" });
    const error = new Error("unheard");
    gate.on("release", thrower(error));
    (await gate.acquire()).release();
    assert.equal(warn.callCount(), 1);
    const [message, event] = warn.calls[0]!.arguments as [string, GateEvent<"fault">];
    assert.match(message, /^headgate: fault .*"gpu"/);
    assert.deepEqual([event.during, event.error], ["release", error]);
  });

  test("fails does no harm either when the console itself throws", async (t) => {
    t.mock.method(console, "warn", thrower(new Error("console")));
    const gate = testGate(t);
    const stop = gate.on("dispatch", thrower(new Error("unheard")));
    const permit = gate.tryAcquire();
    assert.equal(permit?.released, false);
    stop();
    const heard: string[] = [];
    gate.on("release", ({ type }) => heard.push(type));
    permit?.release();
    assert.deepEqual(heard, ["release"]);
  });

  test("fails on a starvation warning does not end the watch", async (t) => {
    const clock = new ManualClock();
    const gate = testGate(t, { clock, starvationWarnMs: 1000 });
    const faults = faultsOf(gate);
    gate.on("starvation", thrower(new Error("starving")));
    const holder = await gate.acquire();
    const calls = [gate.acquire()];
    clock.advance(1100);
    calls.push(gate.acquire());
    clock.advance(1100);
    assert.equal(faults.length, 2);
    holder.release();
    for (const call of calls) (await call).release();
  });
});

suite("from within a listener", () => {
  test("every operation of the gate may be called, and nobody is lost", async (t) => {
    const gate = testGate(t, 2);
    const faults = faultsOf(gate);
    const order = new ServiceOrder(gate);
    const extra: Promise<unknown>[] = [];
    let left = 30;
    gate.on("*", ({ type }) => {
      if (left-- <= 0) return;
      extra.push(order.join(`${type} ${left}`, { priority: left % 3 }).catch(() => undefined));
      gate.tryAcquire()?.release();
      gate.resize(1 + (left % 3));
      gate.pause();
      gate.snapshot();
      gate.cancel(String(left));
      gate.reprioritise(String(left + 1), 50);
      gate.unpause();
    });
    await Promise.all([order.join("a"), order.join("b"), order.join("c")]);
    await Promise.all(extra);
    assert.equal(extra.length, 30);
    assert.equal(faults.length, 0);
  });

  test("closing the gate ends everybody once", async (t) => {
    const gate = testGate(t);
    gate.on("enqueue", ({ waiting }) => {
      if (waiting === 3) gate.close("from within");
    });
    const holder = await gate.acquire();
    const outcomes = await Promise.allSettled([gate.acquire(), gate.acquire(), gate.acquire(), gate.acquire()]);
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
    holder.release();
  });

  test("acquiring on release goes behind those who wait", async (t) => {
    const gate = testGate(t);
    const order = new ServiceOrder(gate);
    const again: Promise<void>[] = [];
    const stop = gate.on("release", () => {
      stop();
      again.push(order.join("from the listener"));
    });
    const holder = await gate.acquire();
    const waiting = order.join("waiting");
    holder.release();
    await Promise.all([waiting, ...again]);
    assert.deepEqual(order.names, ["waiting", "from the listener"]);
  });
});

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

function rejecter(error: unknown): () => Promise<never> {
  return async () => {
    throw error;
  };
}
