import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { countComparisons, countedOrders, heapHeight, mostComparisons } from "../../bench/gate/comparisons.ts";

const SIZES = [1, 2, 5, 6, 1000, 10_000, 100_000];

describe("the waiting line's comparisons", () => {
  for (const bounded of [false, true]) {
    const line = bounded ? "a bounded line" : "a line";
    for (const order of countedOrders) {
      it(`stay within O(log n) for every single operation on ${line}: ${order} arrivals`, () => {
        for (const waiters of SIZES) {
          let operations = 0;
          countComparisons({ order, waiters, bounded }, ({ comparisons, kind, waiters: inLine }) => {
            operations++;
            const most = mostComparisons(kind, inLine, bounded);
            if (comparisons > most)
              assert.fail(`${kind} with ${inLine} in line: ${comparisons} comparisons, not ${most}`);
          });
          assert.equal(operations, order === "reprioritised" ? 4 * waiters : 2 * waiters);
        }
      });
    }
  }

  it("do not grow with the line when priorities are few", () => {
    for (const waiters of [1000, 100_000]) {
      let most = 0;
      countComparisons({ order: "few", waiters, bounded: false }, ({ comparisons }) => {
        most = Math.max(most, comparisons);
      });
      assert.ok(most <= mostComparisons("remove", 3, false), `${most} comparisons`);
    }
  });
});

describe("the bound they are held to", () => {
  it("is logarithmic: about two comparisons for each doubling of the line", () => {
    for (const waiters of SIZES) {
      assert.ok(heapHeight(waiters) <= Math.log2(waiters) / 2 + 1);
      assert.ok(mostComparisons("remove", waiters, false) <= 4 * Math.log2(waiters) + 8);
    }
  });

  it("knows the height of a 4-ary heap at the edges of its levels", () => {
    const heights = [0, 1, 2, 5, 6, 21, 22, 85, 86].map(heapHeight);
    assert.deepEqual(heights, [0, 0, 1, 1, 2, 2, 3, 3, 4]);
  });
});
