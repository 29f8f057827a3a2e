import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseOptions, usage, type BenchOptions } from "./options.ts";
import { markdownReport, splice, terminalReport, type Report } from "./render.ts";

/** A benchmark as its command drives it. */
export interface Benchmark<Results> {
  /** Its folder under bench/. */
  readonly name: string;
  measure(quick: boolean, args: readonly string[], upstream: string | undefined): Promise<Results>;
  /** @throws {TypeError} when `text` is no results file of this benchmark. */
  parse(text: string): Results;
  report(results: Results): Report;
  /** Whether measuring stopped because a contender does not keep what it claims. */
  isDisproof(error: unknown): error is Error;
}

/**
 * The command line of every benchmark. Resolves with its exit code: 0 when it measured, whatever it measured, since a missed
 * target is a finding; 1 when a contender does not keep what it claims; 2 for a wrong flag.
 */
export async function runBenchmark<Results>(benchmark: Benchmark<Results>, args: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage(benchmark.name)}`);
    return 2;
  }
  if (options.help) {
    console.log(usage(benchmark.name));
    return 0;
  }
  try {
    await measureAndReport(benchmark, options, args);
    return 0;
  } catch (error) {
    if (!benchmark.isDisproof(error)) throw error;
    console.error(`refused to measure: ${error.message}`);
    return 1;
  }
}

async function measureAndReport<Results>(
  benchmark: Benchmark<Results>,
  { from, json, markdown, quick, upstream }: BenchOptions,
  args: readonly string[],
): Promise<void> {
  const { name } = benchmark;
  // Whatever can go wrong with the files goes wrong now, not after half an hour.
  if (json !== undefined) await mkdir(dirname(json), { recursive: true });
  if (markdown !== undefined) splice(await readFile(markdown, "utf8"), name, "");
  const results =
    from === undefined ? await benchmark.measure(quick, args, upstream) : benchmark.parse(await readFile(from, "utf8"));
  const report = benchmark.report(results);
  console.log(terminalReport(report));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  if (markdown !== undefined) {
    await writeFile(markdown, splice(await readFile(markdown, "utf8"), name, markdownReport(report)));
  }
}

/** Progress, on a terminal only: one line that overwrites itself. */
export function tell(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}
