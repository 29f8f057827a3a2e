import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Gate, type GateEvent, type GateEventName, type GateOptions } from "../../src/gate/index.ts";
import { ManualClock } from "./manual-clock.ts";

/**
 * A gate for one test, which fails if the gate is not idle at its end: nothing held, nobody waiting, no timer running.
 * Unless the test brings a clock, time stands still.
 */
export function testGate(t: TestContext, options: GateOptions | number = {}): Gate {
  const given = typeof options === "number" ? { capacity: options } : options;
  const clock = given.clock ?? new ManualClock();
  const gate = new Gate({ ...given, clock });
  t.after(() => {
    assertIdle(gate);
    if (clock instanceof ManualClock) assert.equal(clock.pending.all, 0, "an idle gate has a timer running");
  });
  return gate;
}

/** Fails unless nothing is held and nobody waits. */
export function assertIdle(gate: Gate): void {
  assert.deepEqual(
    { held: gate.held, waiting: gate.waiting },
    { held: 0, waiting: 0 },
    `gate "${gate.name}" is not idle`,
  );
}

/** The next event of that name. */
export function nextEvent<Name extends GateEventName>(gate: Gate, name: Name): Promise<GateEvent<Name>> {
  return new Promise((resolve) => {
    const stop = gate.on(name, (event) => {
      stop();
      resolve(event);
    });
  });
}

/** Resolves once nothing is held and nobody waits: for permits that come back when a socket ends. */
export async function untilIdle(gate: Gate): Promise<void> {
  while (gate.held > 0 || gate.waiting > 0) await nextEvent(gate, "release");
}

/** Counts a gate's permits, to show that each was given back exactly once. */
export class PermitLedger {
  dispatched = 0;
  released = 0;
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
    gate.on("dispatch", ({ resumed }) => resumed || this.dispatched++);
    gate.on("release", () => this.released++);
  }

  /** Fails unless exactly `count` permits were given out, all came back once, and the gate is idle. */
  assertBalanced(count: number): void {
    assert.deepEqual({ dispatched: this.dispatched, released: this.released }, { dispatched: count, released: count });
    assertIdle(this.#gate);
  }
}
