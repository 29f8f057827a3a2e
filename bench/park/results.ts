import type { Environment } from "../common/environment.ts";
import type { Effort } from "./plan.ts";

/** What `--json` writes and `--from` reads. */
export interface Results {
  readonly schema: 1;
  readonly environment: Environment;
  readonly effort: Effort;
  /** "the simulated llama-server", or the address of a real one. */
  readonly server: string;
  readonly loads: readonly Load[];
  /** Engines that cannot go on, with clients that can only begin anew. */
  readonly restarts: readonly Restarting[];
}

/** The same foreground arrivals for every row. */
export interface Load {
  /** The share of the slot's time that the foreground takes. */
  readonly share: number;
  readonly perSecond: number;
  readonly rows: readonly Row[];
}

/** Times from the sending to the first piece of the answer. */
export interface Row {
  readonly id: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** The background's tokens over what the foreground left of the slot; `null` without background. */
  readonly kept: number | null;
  readonly resumed: number;
  readonly restarted: number;
  /** Background answers, of those compared, that were not as without an interruption. */
  readonly wrong: number;
}

export interface Restarting {
  readonly engine: string;
  readonly clients: string;
  readonly without: Row;
  readonly aside: Row;
}

/** @throws {TypeError} when `text` is no results file of this benchmark. */
export function parseResults(text: string): Results {
  const parsed: unknown = JSON.parse(text);
  const isOurs = typeof parsed === "object" && parsed !== null && "loads" in parsed && "restarts" in parsed;
  if (!isOurs || (parsed as Partial<Results>).schema !== 1) {
    throw new TypeError("not a results file of bench/park (schema 1)");
  }
  return parsed as Results;
}
