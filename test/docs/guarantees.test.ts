import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./blocks.ts";

/** A row that names a test: the file in code, and the title of the test in quotes. */
const NAMED = /`(test\/[\w./-]+\.(?:test|soak)\.ts)`(?:: “([^”]+)”)?/g;

test("every guarantee names a test that exists, by its file and its title", () => {
  const text = readFileSync(join(root, "docs/guarantees.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| (?!guarantee|:?-)/.test(line));
  assert.ok(rows.length > 20);
  const faults: string[] = [];
  for (const row of rows) {
    const named = [...row.matchAll(NAMED)];
    if (named.length === 0) faults.push(`names no test: ${row}`);
    for (const [, file = "", title] of named) {
      if (!existsSync(join(root, file))) faults.push(`${file} does not exist`);
      else if (title === undefined) faults.push(`names no title in ${file}: ${row}`);
      else if (!readFileSync(join(root, file), "utf8").includes(title)) faults.push(`${file} has no test “${title}”`);
    }
  }
  assert.deepEqual(faults, []);
});
