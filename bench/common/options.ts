import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly quick: boolean;
  readonly help: boolean;
  /** File to write the results to. */
  readonly json: string | undefined;
  /** Document whose marked place gets the tables. */
  readonly markdown: string | undefined;
  /** Results file to report instead of measuring. */
  readonly from: string | undefined;
  /** A model server of one's own, for the benchmark that takes one. */
  readonly upstream: string | undefined;
}

/** @param bench - the benchmark's folder under bench/. */
export function usage(bench: string): string {
  return `usage: node bench/${bench}/main.ts [--quick] [--json FILE] [--markdown FILE] [--from FILE]

  --quick          fewer and smaller situations, one round; under 50 s
  --json FILE      write the results
  --markdown FILE  put the tables into FILE, between its two marker lines
  --from FILE      measure nothing; report the results in FILE
  --upstream URL   a llama-server of your own on this machine (bench/park only)`;
}

/** @throws {TypeError} naming the flag that is unknown, lacks its value, or contradicts another. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      json: { type: "string" },
      markdown: { type: "string" },
      from: { type: "string" },
      upstream: { type: "string" },
    },
  });
  if (values.from !== undefined && (values.quick || values.json !== undefined)) {
    throw new TypeError("--from measures nothing: it goes with --markdown only");
  }
  const { quick, help, json, markdown, from, upstream } = values;
  return { quick, help, json, markdown, from, upstream };
}
