import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gate } from "../../src/gate/index.ts";
import { AwakeClock } from "../../src/gateway/awake-clock.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A machine whose time can pass without anything on it running. */
class SleepyMachine extends ManualClock {
  #slept = 0;

  override now(): number {
    return super.now() + this.#slept;
  }

  sleep(ms: number): void {
    this.#slept += ms;
  }
}

function awake(): { machine: SleepyMachine; clock: AwakeClock; woken: number[] } {
  const machine = new SleepyMachine();
  const woken: number[] = [];
  return { machine, woken, clock: new AwakeClock((asleepMs) => woken.push(asleepMs), machine) };
}

describe("a clock that stands still while the machine sleeps", () => {
  it("goes with the machine's while it is awake", (t) => {
    const { machine, clock, woken } = awake();
    t.after(() => clock.close());
    const before = clock.now();
    machine.advance(3_600_000);
    assert.equal(clock.now() - before, 3_600_000);
    assert.deepEqual(woken, []);
  });

  it("takes no night for waiting time, and says how long it was", (t) => {
    const { machine, clock, woken } = awake();
    t.after(() => clock.close());
    const before = clock.now();
    machine.sleep(8 * 3_600_000);
    assert.equal(clock.now() - before, 0);
    machine.advance(500);
    assert.equal(clock.now() - before, 500);
    assert.deepEqual(woken, [8 * 3_600_000]);
  });

  it("lets a waiter's time limit count only waking time", async (t) => {
    const { machine, clock } = awake();
    t.after(() => clock.close());
    const gate = new Gate({ clock });
    const permit = await gate.acquire();
    const waiting = gate.acquire({ timeoutMs: 60_000 });
    machine.advance(30_000);
    machine.sleep(3_600_000);
    machine.advance(29_999);
    assert.equal(gate.waiting, 1);
    const refused = assert.rejects(waiting, { code: "queue_timeout" });
    // The look that finds the sleep comes up to a tick after it, and takes that tick for sleep.
    machine.advance(1_001);
    await refused;
    permit.release();
  });
});
