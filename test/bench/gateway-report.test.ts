import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { reportOf } from "../../bench/gateway/report.ts";
import { parseResults, type ForegroundRun, type Results, type Row, type Spread } from "../../bench/gateway/results.ts";
import { QUICK } from "../../bench/gateway/plan.ts";
import { verdictsOn } from "../../bench/gateway/summary.ts";
import { addedOf, addedRatio, waitRatioByExcess } from "../../bench/gateway/verdicts.ts";
import { markdownReport, terminalReport } from "../../bench/common/render.ts";

const ROLES = { direct: "direct", bare: "bare Node proxy", ours: "Headgate" } as const;

function spreads(
  figures: Readonly<Record<keyof typeof ROLES, readonly (readonly [p50: number, p99: number])[]>>,
): Row<Spread>[] {
  return (Object.keys(ROLES) as (keyof typeof ROLES)[]).map((role) => ({
    role,
    id: ROLES[role],
    rounds: figures[role].map(([p50, p99]) => ({ p50, p99 })),
  }));
}

const SPREADS = spreads({
  direct: [
    [20, 100],
    [30, 90],
    [25, 900],
  ],
  bare: [
    [120, 600],
    [130, 610],
    [125, 605],
  ],
  ours: [
    [140, 690],
    [150, 700],
    [145, 710],
  ],
});

const RUN: ForegroundRun = {
  id: "Headgate",
  role: "ours",
  meanMs: 33,
  p50Ms: 31,
  p99Ms: 70,
  excessMs: 0.6,
  backgroundPerSecond: 13,
};

const RESULTS: Results = {
  schema: 1,
  environment: {
    measuredAt: "2026-01-02T03:04:05.678Z",
    command: "node bench/gateway/main.ts",
    commit: "0123456789abcdef",
    modified: false,
    cpu: "a processor",
    cores: 4,
    loadBefore: 0.1,
    memoryGiB: 8,
    platform: "linux x64",
    node: "v24.0.0",
    packages: { undici: "8.0.0" },
  },
  effort: QUICK,
  missing: [{ id: "nginx", why: "nginx is not installed here" }],
  latency: SPREADS,
  stream: SPREADS,
  idle: SPREADS.filter(({ role }) => role !== "bare"),
  saturation: [
    { id: "direct", role: "direct", rounds: [{ perSecond: 9000, cpuUs: null }] },
    { id: "bare Node proxy", role: "bare", rounds: [{ perSecond: 5000, cpuUs: 100 }] },
    { id: "Headgate", role: "ours", rounds: [{ perSecond: 2900, cpuUs: 150 }] },
  ],
  foreground: [
    {
      perSecond: 20,
      requests: 80,
      utilisation: 0.4,
      idealMs: 32,
      formulaMs: 33,
      runs: [{ ...RUN, id: "direct", role: "direct", meanMs: 900 }, RUN],
    },
  ],
  memory: [{ id: "Headgate", what: "waiter", count: 1000, heap: 12_345, rss: 30_000 }],
};

describe("a figure of the gateway's benchmark", () => {
  it("is the median of the rounds, less that of the way without a proxy", () => {
    assert.deepEqual(addedOf(SPREADS[2]!, SPREADS), { p50: 120, p99: 600 });
  });

  it("has no ratio to a bare proxy that adds nothing", () => {
    const rows = spreads({ direct: [[20, 100]], bare: [[20, 90]], ours: [[30, 120]] });
    assert.deepEqual([addedRatio(rows, "p99"), addedRatio(rows, "p50")], [null, null]);
  });

  it("counts an excess for those who come later too", () => {
    assert.equal(waitRatioByExcess(RESULTS.foreground[0]!, RUN), 1 + 0.6 / 0.6 / 32);
  });
});

describe("the report of the gateway's benchmark", () => {
  it("says of each target whether it is met", () => {
    assert.deepEqual(
      verdictsOn(RESULTS).map(({ met }) => met),
      [true, true, false, true, true, true],
    );
  });

  it("leaves open what could not be compared", () => {
    const latency = spreads({ direct: [[20, 100]], bare: [[20, 90]], ours: [[30, 120]] });
    assert.equal(verdictsOn({ ...RESULTS, latency })[0]!.met, null);
  });

  it("names whoever could not take part, and says a busy machine's figures are noise", () => {
    assert.match(terminalReport(reportOf(RESULTS)), /NOT MEASURED: nginx: nginx is not installed here/);
    const environment = { ...RESULTS.environment, loadBefore: 3 };
    assert.match(terminalReport(reportOf({ ...RESULTS, environment })), /The machine was busy/);
    assert.doesNotMatch(terminalReport(reportOf(RESULTS)), /busy/);
  });

  it("has in every table a figure for every column, and says nothing that is no number", () => {
    for (const { columns, lines, title } of reportOf(RESULTS).tables) {
      for (const line of lines) assert.equal(line.length, columns.length, title);
    }
    assert.doesNotMatch(markdownReport(reportOf(RESULTS)), /NaN|Infinity|undefined|null/);
  });

  it("is made of a results file, and of no other benchmark's", () => {
    assert.deepEqual(parseResults(JSON.stringify(RESULTS)), RESULTS);
    assert.throws(() => parseResults('{"schema":1,"rows":[]}'), TypeError);
    assert.throws(() => parseResults("[]"), TypeError);
  });
});
