import assert from "node:assert/strict";
import { test } from "node:test";
import { QUICK } from "../../bench/batch/plan.ts";
import { reportOf } from "../../bench/batch/report.ts";
import { parseResults, type Results } from "../../bench/batch/results.ts";
import { verdictsOn } from "../../bench/batch/verdicts.ts";

const RUN = { p50Ms: 30, p99Ms: 80, excessMs: 1, backgroundPerSecond: 14 };

function results(batchPerSecond: number, gapUs: number, meanMs: number): Results {
  return {
    schema: 1,
    environment: {
      measuredAt: "2026-11-25T00:00:00.000Z",
      command: "node bench/batch/main.ts",
      commit: null,
      modified: false,
      cpu: "a processor",
      cores: 2,
      loadBefore: 0,
      memoryGiB: 8,
      platform: "linux x64",
      node: "v24.0.0",
      packages: {},
    },
    effort: { ...QUICK, quick: false },
    rates: [{ atOnce: 1, store: [900, 1000, 5000], batch: [1, batchPerSecond, 9000] }],
    ingest: { lines: 50_000, bytes: 2e8, uploadMs: 900, checkMs: 1500, peakBefore: 1e8, peak: 1.5e8 },
    gaps: { batch: { p50: gapUs, p99: 9000 }, clients: { p50: 900, p99: 8000 } },
    people: {
      requests: 400,
      runs: [
        { id: "batch", meanMs, ...RUN },
        { id: "clients", meanMs: 40, ...RUN },
      ],
    },
  };
}

test("each target is judged by itself, by medians, at its limit still met", () => {
  assert.deepEqual(verdictsOn(results(700, 3000, 44)), [
    "met: lines/s, 1 at once, ≥ 0.700x the store's own commit rate: 0.700x",
    "met: slot idle between two lines, p50 ≤ 3.00 ms: 3.00 ms",
    "met: mean wait of people beside a batch ≤ 1.10x that beside clients: 1.10x",
  ]);
});

test("a target that is missed is called so, with what was reached", () => {
  const [rate, gap, people] = verdictsOn(results(650, 3100, 50));
  assert.match(rate!, /^MISSED: .*: 0\.650x$/);
  assert.match(gap!, /^MISSED: .*: 3\.10 ms$/);
  assert.match(people!, /^MISSED: .*: 1\.25x$/);
});

test("a quick run has no verdict, and every report all of its tables", () => {
  const { summary } = reportOf({ ...results(700, 1, 1), effort: QUICK });
  assert.deepEqual(summary, ["no verdict: a quick run is too short"]);
  assert.equal(reportOf(results(700, 1, 1)).tables.length, 4);
});

test("only a results file of this benchmark is read again", () => {
  const all = results(700, 1, 1);
  assert.deepEqual(parseResults(JSON.stringify(all)), all);
  for (const text of ['{"schema":1}', '{"schema":2,"ingest":{}}', "[]", "null"]) {
    assert.throws(() => parseResults(text), { name: "TypeError", message: /bench\/batch/ });
  }
});
