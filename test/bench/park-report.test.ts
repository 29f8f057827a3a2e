import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictsOn } from "../../bench/park/report.ts";
import type { Load, Row } from "../../bench/park/results.ts";
import { NO_BACKGROUND, PARK } from "../../bench/park/ways.ts";

function row(id: string, p50Ms: number, p95Ms: number, kept: number | null): Row {
  return { id, requests: 100, p50Ms, p95Ms, p99Ms: p95Ms, kept, resumed: 0, restarted: 0, wrong: 0 };
}

function load(park: Row): Load {
  return { share: 0.3, perSecond: 2, rows: [row(NO_BACKGROUND, 100, 200, null), park] };
}

test("each target is judged by itself, at its limit still met", () => {
  assert.deepEqual(verdictsOn(load(row(PARK, 110, 300, 0.95))), [
    "met: first token p50 ≤ 1.10x without background, foreground 30 %: 1.10x",
    "met: first token p95 ≤ 1.50x without background, foreground 30 %: 1.50x",
    "met: background kept ≥ 0.950x of what is left, foreground 30 %: 0.950x",
  ]);
});

test("a target that is missed is called so, with what was reached", () => {
  const [p50, p95, kept] = verdictsOn(load(row(PARK, 130, 310, 0.8)));
  assert.match(p50!, /^MISSED: .*: 1\.30x$/);
  assert.match(p95!, /^MISSED: .*: 1\.55x$/);
  assert.match(kept!, /^MISSED: .*: 0\.800x$/);
});
