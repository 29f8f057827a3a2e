import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

import { reportOf as reportOfBatch } from "../../bench/batch/report.ts";
import { parseResults as parseBatch } from "../../bench/batch/results.ts";
import { reportOf as reportOfGate } from "../../bench/gate/report.ts";
import { parseResults as parseGate } from "../../bench/gate/results.ts";
import { reportOf as reportOfGateway } from "../../bench/gateway/report.ts";
import { parseResults as parseGateway } from "../../bench/gateway/results.ts";
import { reportOf as reportOfPark } from "../../bench/park/report.ts";
import { parseResults as parsePark } from "../../bench/park/results.ts";
import { markdownReport, splice, type Report } from "../../bench/common/render.ts";

const bench = join(import.meta.dirname, "../../bench");
const reports: Readonly<Record<string, (results: string) => Report>> = {
  gate: (text) => reportOfGate(parseGate(text)),
  gateway: (text) => reportOfGateway(parseGateway(text)),
  batch: (text) => reportOfBatch(parseBatch(text)),
  park: (text) => reportOfPark(parsePark(text)),
};

for (const [name, reportOf] of Object.entries(reports)) {
  it(`the tables of bench/${name} in bench/README.md are those of its results file, not typed by hand`, () => {
    const readme = readFileSync(join(bench, "README.md"), "utf8");
    const results = join(bench, `results/${name}.json`);
    const report = existsSync(results) ? markdownReport(reportOf(readFileSync(results, "utf8"))) : "Not measured yet.";
    assert.equal(readme, splice(readme, name, report));
  });
}
