import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Call, GroupCommit } from "../../src/store/sqlite/group-commit.ts";
import { openDatabase, type OwnedDatabase } from "../../src/store/sqlite/open-database.ts";
import type { Method } from "../../src/store/sqlite/operations.ts";
import { quickDirectory } from "./directories.ts";
import { aBatch, answered, linesUpTo, NOW, NOW_MS } from "./samples.ts";

const LINES = 700;

function call(owned: OwnedDatabase, method: Method, ...args: readonly unknown[]): unknown {
  const one: Call = { id: 1, method, args };
  const [outcome] = new GroupCommit(owned, "/", 0).run([one]);
  assert.ok(outcome && "value" in outcome, method);
  return outcome.value;
}

/** How many lines and outcomes are still in the database. */
function rows({ db }: OwnedDatabase): number {
  return Number(db.get("SELECT (SELECT count(*) FROM line) + (SELECT count(*) FROM outcome) AS rows")?.["rows"]);
}

describe("what a batch leaves behind in SQLite", () => {
  it("is dropped in pieces behind its end, also by the next owner, and is nobody's result meanwhile", () => {
    const parent = quickDirectory();
    const directory = join(parent, "data");
    let owned = openDatabase(directory);
    call(owned, "createBatch", aBatch("batch_1"));
    call(owned, "addLines", "batch_1", linesUpTo(LINES));
    call(owned, "start", "batch_1", { total: LINES, model: null, now: NOW });
    call(owned, "settle", [], { limit: LINES, nowMs: NOW_MS });
    const settlements = linesUpTo(LINES).map(({ n }) => ({ batchId: "batch_1", n, attempt: 1, result: answered() }));
    call(owned, "settle", settlements, { limit: 0, nowMs: NOW_MS });
    call(owned, "finalize", "batch_1", { outputFileId: "o", errorFileId: "e", now: NOW });
    assert.equal(new GroupCommit(owned, "/", 0).tidy(), false, "nothing ended yet");
    call(owned, "finish", "batch_1", [], NOW);

    assert.equal(rows(owned), 2 * LINES, "the end itself drops none of them");
    assert.deepEqual(call(owned, "results", "batch_1", { which: "output", after: -1, limit: 9 }), []);
    let pieces = 0;
    while (new GroupCommit(owned, "/", 0).tidy()) {
      pieces += 1;
      if (pieces !== 2) continue;
      assert.ok(rows(owned) > 0 && rows(owned) < 2 * LINES);
      owned.close();
      owned = openDatabase(directory);
    }
    assert.ok(pieces > 4, `${pieces} pieces`);
    assert.equal(rows(owned), 0);
    assert.equal((call(owned, "batch", "", "batch_1") as { readonly completed: number }).completed, LINES);
    owned.close();
    rmSync(parent, { recursive: true });
  });
});
