import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

import { markdownReport, splice } from "../../bench/gate/render.ts";
import { parseResults } from "../../bench/gate/results.ts";

const bench = join(import.meta.dirname, "../../bench");

it("the tables in bench/README.md are those of its results file, not typed by hand", () => {
  const readme = readFileSync(join(bench, "README.md"), "utf8");
  const results = join(bench, "results/gate.json");
  const report = existsSync(results)
    ? markdownReport(parseResults(readFileSync(results, "utf8")))
    : "Not measured yet.";
  assert.equal(readme, splice(readme, report));
});
