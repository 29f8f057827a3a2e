/**
 * `node bench/gate/main.ts`: proves every contender, measures them, and reports. See ../README.md.
 *
 * Exit code 0 when it measured, whatever it measured: a missed target is a finding. 1 when a contender does not keep what it
 * claims, 2 for a wrong flag.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { countedOrders, summariseComparisons, type ComparisonSummary } from "./comparisons.ts";
import { contenders } from "./contenders.ts";
import { DisprovedError, prove } from "./correctness.ts";
import { environmentOf } from "./environment.ts";
import { parseOptions, USAGE, type BenchOptions } from "./options.ts";
import { FULL, plan, QUICK, type Row } from "./plan.ts";
import { markdownReport, splice, terminalReport } from "./render.ts";
import { parseResults, type Results, type ResultRow } from "./results.ts";
import { measureAll, type Measured } from "./runner.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    await report(options, args);
    return 0;
  } catch (error) {
    if (!(error instanceof DisprovedError)) throw error;
    console.error(`refused to measure: ${error.message}`);
    return 1;
  }
}

async function report({ from, json, markdown, quick }: BenchOptions, args: readonly string[]): Promise<void> {
  // Whatever can go wrong with the files goes wrong now, not after half an hour.
  if (json !== undefined) await mkdir(dirname(json), { recursive: true });
  if (markdown !== undefined) splice(await readFile(markdown, "utf8"), "");
  const results = from === undefined ? await measure(quick, args) : parseResults(await readFile(from, "utf8"));
  console.log(terminalReport(results));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  if (markdown !== undefined) {
    await writeFile(markdown, splice(await readFile(markdown, "utf8"), markdownReport(results)));
  }
}

async function measure(quick: boolean, args: readonly string[]): Promise<Results> {
  const environment = environmentOf(args);
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

/** Progress, on a terminal only: one line that overwrites itself. */
function tell(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}
