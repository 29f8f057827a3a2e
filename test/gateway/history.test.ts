import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Gate } from "../../src/gate/index.ts";
import { GateUsage } from "../../src/gateway/history/gate-usage.ts";
import { BOUNDS_MS, TimeCounts } from "../../src/gateway/history/time-counts.ts";
import { Warnings } from "../../src/gateway/history/warnings.ts";
import { notePhase } from "../../src/gateway/request-phase.ts";
import { openRecord } from "../../src/gateway/request-record.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("how the permits of a gate were used", () => {
  test("is told in averages of five seconds, foreground apart", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ capacity: 2, reserved: { permits: 0, priority: 0 }, clock });
    const usage = new GateUsage(gate, clock);
    const background = await gate.acquire({ priority: 100 });
    clock.advance(2_500);
    const foreground = await gate.acquire({ priority: 0 });
    clock.advance(2_500);
    assert.deepEqual(usage.usage, { stepMs: 5_000, until: 5_000, foreground: [0.5], background: [1], capacity: [2] });
    foreground.release();
    gate.resize(1);
    clock.advance(5_000);
    assert.partialDeepStrictEqual(usage.usage, { foreground: [0.5, 0], background: [1, 1], capacity: [2, 1] });
    background.release();
  });

  test("says nothing new until another span is over", () => {
    const clock = new ManualClock();
    const usage = new GateUsage(new Gate({ capacity: 1, clock }), clock);
    clock.advance(5_000);
    const { usage: told } = usage;
    clock.advance(4_999);
    assert.equal(usage.usage, told);
    clock.advance(1);
    assert.notEqual(usage.usage, told);
  });

  test("reaches ten minutes back and no further, however long nothing happened", () => {
    const clock = new ManualClock();
    const usage = new GateUsage(new Gate({ capacity: 3, clock }), clock);
    for (let minutes = 0; minutes < 30; minutes++) {
      clock.advance(60_000);
      void usage.usage;
    }
    assert.equal(usage.usage.capacity.length, 120);
    clock.advance(100 * 3_600_000);
    const { capacity, until } = usage.usage;
    assert.equal(capacity.length, 120);
    assert.ok(capacity.every((permits) => permits === 3));
    assert.ok(clock.now() - until < 5_000);
  });
});

describe("durations in classes", () => {
  test("count each duration once, the longest in a class of their own", () => {
    const times = new TimeCounts(new ManualClock());
    for (const ms of [0, 9.9, 10, 599_999, 600_000, 1e9]) times.add(ms);
    const { counts } = times;
    assert.equal(counts.length, BOUNDS_MS.length + 1);
    assert.deepEqual([counts[0], counts[1], counts.at(-2), counts.at(-1)], [2, 1, 1, 2]);
  });

  test("forget what is older than ten minutes, and keep what is younger than five", () => {
    const clock = new ManualClock();
    const times = new TimeCounts(clock);
    times.add(1);
    clock.advance(299_999);
    assert.equal(times.counts[0], 1);
    clock.advance(300_000);
    assert.equal(times.counts[0], 1);
    times.add(1);
    clock.advance(1);
    assert.equal(times.counts[0], 1);
    clock.advance(3_600_000);
    assert.equal(times.counts[0], 0);
  });
});

describe("warnings", () => {
  test("name the request that starves, and only the last are kept", () => {
    const clock = new ManualClock();
    const gate = new Gate({ capacity: 1, starvationWarnMs: 1_000, clock, name: "local" });
    const warnings = new Warnings();
    warnings.watch(gate);
    const permit = gate.tryAcquire()!;
    const abort = new AbortController();
    const waiting = gate.acquire({ label: "req_1", signal: abort.signal });
    waiting.catch(() => {});
    clock.advance(1_000);
    assert.partialDeepStrictEqual(warnings.all, [{ id: 1, kind: "starvation", gate: "local", request: "req_1" }]);
    for (let i = 0; i < 30; i++) warnings.add({ kind: "stuck", gate: "local", text: "x" });
    assert.deepEqual([warnings.all.length, warnings.all[0]!.id, warnings.all.at(-1)!.id], [20, 12, 31]);
    abort.abort();
    permit.release();
  });
});

describe("the phases of a request", () => {
  test("are told once each, with when they began", () => {
    const record = openRecord("POST", "/v1/chat/completions", 0);
    notePhase(record, 1);
    record.state = "waiting";
    notePhase(record, 2);
    notePhase(record, 3);
    record.state = "running";
    notePhase(record, 4);
    record.firstTokenAt = 5;
    notePhase(record, 5);
    record.state = "parked";
    notePhase(record, 6);
    record.state = "running";
    notePhase(record, 7);
    assert.deepEqual(record.phases, [
      ["waiting", 2],
      ["sent", 4],
      ["answering", 5],
      ["parked", 6],
      ["answering", 7],
    ]);
  });

  test("of one that steps aside a thousand times are the first and the last forty", () => {
    const record = openRecord("POST", "/v1/chat/completions", 0);
    for (let at = 0; at < 1_000; at++) {
      record.state = at % 2 === 0 ? "parked" : "running";
      notePhase(record, at);
    }
    assert.ok(record.phases.length <= 40);
    assert.deepEqual(record.phases[0], ["parked", 0]);
    assert.deepEqual(record.phases.at(-1), ["sent", 999]);
    const phases = record.phases.map(([phase]) => phase);
    assert.ok(phases.every((phase, index) => phase !== phases[index + 1]));
  });
});
