import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbortWatchdog } from "../../src/gateway/abort-watchdog.ts";
import { ManualClock } from "../support/manual-clock.ts";

interface Scene {
  readonly clock: ManualClock;
  readonly dog: AbortWatchdog;
  readonly told: string[];
}

function scene(): Scene {
  const clock = new ManualClock();
  const told: string[] = [];
  const dog = new AbortWatchdog({
    clock,
    withinMs: 1_000,
    onFreed: (ms) => told.push(`freed after ${ms}`),
    onStuck: (ms) => told.push(`stuck for ${ms}`),
  });
  return { clock, dog, told };
}

describe("the watchdog of aborts", () => {
  it("tells how long it took until the next request heard from the server", () => {
    const { clock, dog, told } = scene();
    dog.aborted();
    dog.sent();
    clock.advance(40);
    dog.heard();
    clock.advance(10_000);
    assert.deepEqual(told, ["freed after 40"]);
    assert.equal(dog.stuck, false);
  });

  it("calls a server stuck, once, when a request sent after an abort hears nothing in time", () => {
    const { clock, dog, told } = scene();
    dog.aborted();
    clock.advance(300);
    dog.sent();
    clock.advance(999);
    assert.equal(dog.stuck, false);
    clock.advance(1);
    assert.equal(dog.stuck, true);
    dog.aborted();
    dog.sent();
    clock.advance(10_000);
    assert.deepEqual(told, ["stuck for 1300"]);
  });

  it("thinks nothing of a server that nobody was sent to", () => {
    const { clock, dog, told } = scene();
    dog.aborted();
    clock.advance(60_000);
    assert.deepEqual(told, []);
    assert.equal(clock.pending.all, 0);
  });

  it("knows nothing of a request that takes long without an abort before it", () => {
    const { clock, dog, told } = scene();
    dog.sent();
    clock.advance(60_000);
    dog.heard();
    assert.deepEqual(told, []);
  });

  it("leaves no timer behind when it is closed", () => {
    const { clock, dog } = scene();
    dog.aborted();
    dog.sent();
    dog.close();
    assert.equal(clock.pending.all, 0);
  });
});
