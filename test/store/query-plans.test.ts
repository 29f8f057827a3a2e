import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CLAIM_QUERIES } from "../../src/store/sqlite/claims.ts";
import { openDatabase } from "../../src/store/sqlite/open-database.ts";
import { quickDirectory } from "./directories.ts";

describe("the queries of a claim", () => {
  it("never walk through all lines, and never sort", () => {
    const directory = quickDirectory();
    const owned = openDatabase(join(directory, "data"));
    for (const [name, sql] of Object.entries(CLAIM_QUERIES)) {
      const steps = owned.db.all(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail));
      assert.ok(steps.length > 0, name);
      // A scan of an index that holds nothing but what is asked for is none of the table.
      const bad = steps.filter(
        (step) => /TEMP B-TREE/.test(step) || (/SCAN/.test(step) && !/USING (COVERING )?INDEX batch_open/.test(step)),
      );
      assert.deepEqual(bad, [], name);
    }
    owned.close();
    rmSync(directory, { recursive: true });
  });
});
