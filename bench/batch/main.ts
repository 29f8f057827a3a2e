/**
 * `node bench/batch/main.ts`: what the store, the lines and the people beside them get of a durable batch. See ../README.md. The exit
 * code is explained at {@link runBenchmark}.
 */
import { runBenchmark, tell } from "../common/command.ts";
import { environmentOf, packageVersion } from "../common/environment.ts";
import { WrongBatch } from "./batch-client.ts";
import { measureGaps } from "./gaps.ts";
import { measureIngest } from "./ingest.ts";
import { measurePeople } from "./people.ts";
import { FULL, QUICK } from "./plan.ts";
import { measureRates } from "./rates.ts";
import { reportOf } from "./report.ts";
import { parseResults, type Results } from "./results.ts";

process.exitCode = await runBenchmark(
  {
    name: "batch",
    measure,
    parse: parseResults,
    report: reportOf,
    isDisproof: (error) => error instanceof WrongBatch,
  },
  process.argv.slice(2),
);

async function measure(quick: boolean, args: readonly string[]): Promise<Results> {
  const versions = { undici: packageVersion("undici"), sqlite: process.versions["sqlite"] ?? "unknown" };
  const environment = environmentOf("batch", args, versions);
  const effort = quick ? QUICK : FULL;
  tell("rates");
  const rates = await measureRates(effort.rate);
  tell("the largest input");
  const ingest = await measureIngest(effort.ingest);
  tell("idle slot");
  const gaps = await measureGaps(effort.gap);
  tell("people");
  const people = await measurePeople(effort.people);
  tell("");
  return { schema: 1, environment, effort, rates, ingest, gaps, people };
}
