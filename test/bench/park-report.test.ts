import assert from "node:assert/strict";
import { test } from "node:test";
import { reportOf } from "../../bench/park/report.ts";
import { parksIn } from "../../src/cli/bench/parks.ts";
import type { Effort } from "../../bench/park/plan.ts";
import { parseResults, type Load, type Results, type Row } from "../../bench/park/results.ts";
import { overFloor, verdictsOn } from "../../bench/park/verdicts.ts";
import { NO_BACKGROUND, PARK } from "../../bench/park/ways.ts";

function row(id: string, p50Ms: number, p95Ms: number, kept: number | null): Row {
  const account = { resumed: 3, restarted: 1, resumedTokens: 812, restartedTokens: 20, readAgain: 5 };
  const parks = { resumed: 3, restarted: 1 };
  return { id, firstToken: { p50Ms, p95Ms, p99Ms: p95Ms }, kept, parks, account, compared: 7, wrong: 0 };
}

function load(park: Row): Load {
  const rows = [row(NO_BACKGROUND.id, 100, 200, null), park];
  return { share: 0.3, tookShare: 0.28, perSecond: 2, requests: 100, rows };
}

function results(quick: boolean, park: Row): Results {
  const field = { serviceMs: 150, alonePerSecond: 40, loads: [load(park)] };
  return {
    schema: 2,
    environment: {
      measuredAt: "2026-11-25T00:00:00.000Z",
      command: "node bench/park/main.ts",
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
    effort: { quick, forMs: 1000 } as Effort,
    server: "the simulated llama-server",
    missing: [{ id: "HAProxy", why: "haproxy is not installed here" }],
    field,
    restarts: [{ ...field, clients: "mlx-lm, streamed" }],
  };
}

test("each target is judged by itself, at its limit still met", () => {
  assert.deepEqual(verdictsOn(load(row(PARK.id, 110, 300, 0.95))), [
    "met: first token p50 ≤ 1.10x without background, people 30 % of the slot: 1.10x (100 requests)",
    "met: first token p95 ≤ 1.50x without background, people 30 % of the slot: 1.50x (100 requests)",
    "met: background kept ≥ 0.950x of what is left, people 30 % of the slot: 0.950x (100 requests)",
  ]);
});

test("a target that is missed is called so, with what was reached", () => {
  const [p50, p95, kept] = verdictsOn(load(row(PARK.id, 130, 310, 0.8)));
  assert.match(p50!, /^MISSED: .*: 1\.30x /);
  assert.match(p95!, /^MISSED: .*: 1\.55x /);
  assert.match(kept!, /^MISSED: .*: 0\.800x /);
});

test("nobody came: nothing is claimed", () => {
  const nobody = { ...row(PARK.id, 0, 0, 0.96), firstToken: null };
  assert.equal(overFloor(load(nobody), nobody, "p50Ms"), null);
  assert.match(verdictsOn(load(nobody))[0]!, /^open: .*nothing to compare with/);
});

test("a quick run gives no verdict, however good it looks", () => {
  const good = row(PARK.id, 100, 200, 1);
  assert.doesNotMatch(reportOf(results(true, good)).summary.join("\n"), /\bmet\b|MISSED/);
  assert.match(reportOf(results(false, good)).summary.join("\n"), /^met/);
});

test("who was not measured stands in the summary, and what begins anew in a table of its own with both numbers", () => {
  const { summary, tables } = reportOf(results(false, row(PARK.id, 100, 200, 1)));
  assert.equal(summary.at(-1), "NOT MEASURED: HAProxy: haproxy is not installed here");
  const restarts = tables.at(-1)!;
  assert.equal(restarts.lines.length, 2);
  for (const table of tables) for (const line of table.lines) assert.equal(line.length, table.columns.length);
});

test("a row shows what was gone on from and what was lost, in times and in tokens", () => {
  const [table] = reportOf(results(false, row(PARK.id, 100, 200, 1))).tables;
  const line = table!.lines.at(-1)!;
  assert.deepEqual(line.slice(-5), ["1.00x", "3 (812)", "1 (20)", "5", "0 of 7"]);
});

test("what a real server does not tell is shown as unknown, not as none", () => {
  const park = row(PARK.id, 100, 200, 1);
  const [table] = reportOf(results(false, { ...park, account: null })).tables;
  assert.deepEqual(table!.lines.at(-1)!.slice(-4, -1), ["3 (?)", "1 (?)", "?"]);
  const [other] = reportOf(results(false, { ...park, account: null, parks: null })).tables;
  assert.deepEqual(other!.lines.at(-1)!.slice(-4, -1), ["?", "?", "?"]);
});

test("a gateway's parks are counted over all classes and ways back of its metrics", () => {
  const metrics = [
    "# TYPE headgate_parks_total counter",
    'headgate_parks_total{priority_class="background",way_back="resumed"} 5',
    'headgate_parks_total{priority_class="other",way_back="resumed"} 2',
    'headgate_parks_total{priority_class="background",way_back="restarted"} 1',
  ].join("\n");
  assert.deepEqual(parksIn(metrics), { resumed: 7, restarted: 1 });
  assert.deepEqual(parksIn("nothing of the kind"), { resumed: 0, restarted: 0 });
});

test("results come back from their file as they were, and no others are taken for them", () => {
  const written = results(false, row(PARK.id, 100, 200, 1));
  assert.deepEqual(parseResults(JSON.stringify(written)), written);
  for (const other of ["{}", "null", JSON.stringify({ ...written, schema: 1 })]) {
    assert.throws(() => parseResults(other), TypeError);
  }
});
