/**
 * `node bench/gate/main.ts`: proves every contender, measures them, and reports. See ../README.md. The exit code is explained at
 * {@link runBenchmark}.
 */
import { runBenchmark, tell } from "../common/command.ts";
import { environmentOf, packageVersion } from "../common/environment.ts";
import { countedOrders, summariseComparisons, type ComparisonSummary } from "./comparisons.ts";
import { contenders } from "./contenders.ts";
import { DisprovedError, prove } from "./correctness.ts";
import { FULL, plan, QUICK, type Row } from "./plan.ts";
import { reportOf } from "./report.ts";
import { parseResults, type Results, type ResultRow } from "./results.ts";
import { measureAll, type Measured } from "./runner.ts";

process.exitCode = await runBenchmark(
  {
    name: "gate",
    measure,
    parse: parseResults,
    report: reportOf,
    isDisproof: (error) => error instanceof DisprovedError,
  },
  process.argv.slice(2),
);

async function measure(quick: boolean, args: readonly string[]): Promise<Results> {
  const environment = environmentOf("gate", args, packageVersions());
  for (const contender of contenders) {
    tell(`proving ${contender.id} ${contender.style}`);
    await prove(contender);
  }
  const { deadlineMs, ...effort } = quick ? QUICK : FULL;
  const rows = plan(quick);
  const measured = await measureAll(rows, { ...effort, deadlineMs }, tell);
  tell("counting comparisons");
  return {
    schema: 1,
    environment,
    effort,
    rows: rows.map((row) => resultRow(row, measured)),
    comparisons: comparisons(),
  };
}

function resultRow(row: Row, measured: Measured): ResultRow {
  const { entrants, figure, situation, style, title } = row;
  return {
    style,
    title,
    figure,
    waiters: situation.kind === "uncontended" ? 0 : situation.waiters,
    entrants: entrants.map((contender) => {
      const { cancel, id, priorities, role } = contender;
      return { id, role, priorities, cancel, cell: measured.cellOf(row, contender) };
    }),
  };
}

function comparisons(): ComparisonSummary[] {
  return [1000, 10_000, 100_000].flatMap((waiters) =>
    countedOrders.map((order) => summariseComparisons({ order, waiters, bounded: false })),
  );
}

function packageVersions(): Record<string, string> {
  const names = contenders.flatMap(({ packageName }) => packageName ?? []);
  return Object.fromEntries(names.map((name) => [name, packageVersion(name)]));
}
