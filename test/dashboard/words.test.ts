import assert from "node:assert/strict";
import { test } from "node:test";
import { ticksOf } from "../../src/dashboard/draw/ticks.ts";
import { SPANS_MS } from "../../src/dashboard/state/bars.ts";
import { classOf, later, sooner } from "../../src/dashboard/state/priority.ts";
import { shares, within } from "../../src/dashboard/state/times.ts";
import { bound, count, duration, shortId } from "../../src/dashboard/state/words.ts";

test("a duration is said in at most two units, and never as sixty of one", () => {
  const said = [0, 40, 50, 9_940, 9_951, 59_499, 59_500, 61_000, 3_599_499, 3_599_500, 3_600_000, 7_500_000].map(
    duration,
  );
  assert.deepEqual(said, [
    "0 s",
    "0 s",
    "0.1 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min",
    "1 min 1 s",
    "59 min 59 s",
    "1 h",
    "1 h",
    "2 h 5 min",
  ]);
  assert.equal(duration(-5_000), "0 s");
});

test("numbers are said as people say them", () => {
  assert.deepEqual([bound(30), bound(2_000), bound(300_000)], ["30 ms", "2 s", "5 min"]);
  assert.deepEqual([count(1, "slot"), count(1_000, "slot")], ["1 slot", "1,000 slots"]);
  assert.deepEqual([shortId("req_0123456789abcdef"), shortId("local:w12")], ["…89abcdef", "local:w12"]);
});

test("a priority belongs to one class, and what is unknown is no person's", () => {
  const classes = [-5, 0, 10, 50, 99.5, 100, 200, undefined].map((priority) => classOf(priority, 10));
  assert.deepEqual(classes, [
    "foreground",
    "foreground",
    "foreground",
    "other",
    "other",
    "background",
    "background",
    "background",
  ]);
});

test("sooner and later lead from step to step, and sooner never past a person", () => {
  assert.deepEqual([300, 200, 100, 99, 50, 1, 0, -7].map(sooner), [200, 100, 50, 50, 0, 0, undefined, undefined]);
  assert.deepEqual([-7, 0, 50, 99, 100, 200, 1_000].map(later), [0, 50, 100, 100, 200, 300, 1_100]);
});

test("a share of a distribution is under a bound that is known, or over all of them", () => {
  const bounds = [10, 100, 1_000];
  assert.equal(within([5, 4, 1, 0], bounds, 0.5), 10);
  assert.equal(within([5, 4, 1, 0], bounds, 0.95), 1_000);
  assert.equal(within([0, 0, 0, 3], bounds, 0.5), Infinity);
  assert.equal(within([0, 0, 0, 0], bounds, 0.5), undefined);
  assert.deepEqual(shares([1, 3]), [25, 75]);
  assert.deepEqual(shares([0, 0]), [0, 0]);
});

test("a timeline has a handful of marks, whatever its span, the first of them now", () => {
  for (const span of SPANS_MS) {
    const ticks = ticksOf(span);
    assert.ok(ticks.length >= 3 && ticks.length <= 7, `${ticks.length} marks for ${span} ms`);
    assert.deepEqual(ticks[0], { agoMs: 0, text: "now" });
    assert.equal(ticks.at(-1)!.agoMs, span);
  }
  assert.equal(ticksOf(60_000).at(-1)!.text, "−1 min");
  assert.equal(ticksOf(30_000).at(-1)!.text, "−30 s");
});
