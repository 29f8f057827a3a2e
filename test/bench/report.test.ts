import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { measured, type Cell } from "../../bench/gate/cells.ts";
import { parseOptions } from "../../bench/common/options.ts";
import { splice } from "../../bench/common/render.ts";
import type { Entrant, ResultRow } from "../../bench/gate/results.ts";
import { limitOf, verdictsOn, type Verdict } from "../../bench/gate/verdicts.ts";

describe("the flags", () => {
  it("are refused by name when unknown, incomplete or contradictory", () => {
    assert.throws(() => parseOptions(["--fast"]), /--fast/);
    assert.throws(() => parseOptions(["--json"]), /--json/);
    assert.throws(() => parseOptions(["everything"]), /everything/);
    assert.throws(() => parseOptions(["--from", "a.json", "--quick"]), /--from/);
  });

  it("need none for the full run", () => {
    const { from, json, markdown, quick } = parseOptions([]);
    assert.deepEqual([quick, json, markdown, from], [false, undefined, undefined, undefined]);
  });
});

describe("a figure", () => {
  it("is the median of the rounds' medians, beside the minimum of all samples", () => {
    const rounds = [[5, 1, 9], [7, 7], [100]].map((round) => round.map((total) => ({ total })));
    const cell = measured(rounds);
    assert.deepEqual(cell, { outcome: "measured", rounds: 3, samples: 6, figures: { total: { median: 7, min: 1 } } });
  });
});

function nanoseconds(median: number, min: number = median): Cell {
  return { outcome: "measured", rounds: 1, samples: 1, figures: { total: { median, min } } };
}

const CLAIMS = { priorities: true, cancel: true };
const entrant = (id: string, cell: Cell, facts: Partial<Entrant> = {}): Entrant => ({
  id,
  role: "peer",
  ...CLAIMS,
  cell,
  ...facts,
});

/** The verdicts on `ours` against these rivals: priorities and cancel, priorities only, bare FIFO. */
function judge(ours: Cell, ...rivals: Entrant[]): [both: Verdict, priorities: Verdict, bare: Verdict] {
  return verdictsOn(rowOf(ours, ...rivals)) as [Verdict, Verdict, Verdict];
}

function rowOf(ours: Cell, ...rivals: Entrant[]): ResultRow {
  const entrants = [entrant("ours", ours, { role: "ours" }), ...rivals];
  return { style: "run", title: "a row", figure: "total", waiters: 1000, entrants };
}

describe("a verdict", () => {
  it("compares with the best rival of each kind", () => {
    const [both, priorities, bare] = judge(
      nanoseconds(100),
      entrant("slow", nanoseconds(900)),
      entrant("fast", nanoseconds(290)),
      entrant("half", nanoseconds(101), { cancel: false }),
      entrant("bare", nanoseconds(40), { role: "bare", priorities: false, cancel: false }),
    );
    assert.deepEqual([both.rival?.id, both.ratio, both.met], ["fast", 2.9, false]);
    assert.deepEqual([priorities.rival?.id, priorities.met], ["half", true]);
    assert.deepEqual([bare.ratio, bare.met], [0.4, false]);
  });

  it("is given only where there is such a rival", () => {
    const [both, priorities, bare] = judge(nanoseconds(100), entrant("fifo", nanoseconds(1), { priorities: false }));
    assert.deepEqual([both.met, priorities.met, bare.met], [null, null, null]);
  });

  it("is called close when the minima say otherwise", () => {
    const [both] = judge(nanoseconds(100, 100), entrant("peer", nanoseconds(310, 200)));
    assert.deepEqual([both.met, both.close], [true, true]);
  });

  it("takes a rival beyond the cap at its lower bound, and stays open when that does not suffice", () => {
    const beyond: Cell = { outcome: "over", capMs: 1, waiters: 1000 };
    const [won] = judge(nanoseconds(300), entrant("peer", beyond));
    assert.deepEqual([won.ratio, won.atLeast, won.met], [1000 / 300, true, true]);
    const [open] = judge(nanoseconds(500), entrant("peer", beyond));
    assert.deepEqual([open.atLeast, open.met], [true, null]);
  });

  it("goes against us when we are the ones beyond the cap or failing", () => {
    for (const ours of [
      { outcome: "over", capMs: 1, waiters: 1000 } as const,
      { outcome: "failed", reason: "x" } as const,
    ]) {
      assert.equal(judge(ours, entrant("peer", nanoseconds(1)))[0].met, false);
    }
  });

  it("stays open where somebody did not run", () => {
    const idle: Cell = { outcome: "not run" };
    assert.equal(judge(idle, entrant("peer", nanoseconds(1)))[0].met, null);
    assert.equal(judge(nanoseconds(1), entrant("peer", idle))[0].met, null);
  });

  it("knows what the bare FIFO would reach in its place", () => {
    const bare = entrant("bare", nanoseconds(80), { role: "bare", priorities: false, cancel: false });
    const row = rowOf(nanoseconds(100), entrant("peer", nanoseconds(160)), bare);
    const [both] = verdictsOn(row);
    assert.equal(limitOf(row, both!)?.ratio, 2);
  });
});

describe("the place for the tables", () => {
  const place = (bench: string): string =>
    `a\n<!-- results of bench/${bench}: generated, do not edit -->\nold\n<!-- end of results -->\nb\n`;

  it("keeps everything around it", () => {
    const spliced = splice(place("gate"), "gate", "new");
    assert.match(spliced, /^a\n<!--[^>]*-->\n\nnew\n\n<!--[^>]*-->\nb\n$/);
    assert.equal(splice(spliced, "gate", "new"), spliced);
  });

  it("is one for each benchmark, beside the others' in one document", () => {
    const both = place("gate") + place("gateway");
    assert.equal(splice(both, "gateway", "new"), place("gate") + splice(place("gateway"), "gateway", "new"));
    assert.equal(splice(both, "gate", "new"), splice(place("gate"), "gate", "new") + place("gateway"));
  });

  it("must be there once", () => {
    assert.throws(() => splice("nothing", "gate", "new"), RangeError);
    assert.throws(() => splice(place("gateway"), "gate", "new"), RangeError);
    assert.throws(() => splice(place("gate") + place("gate"), "gate", "new"), RangeError);
  });
});
