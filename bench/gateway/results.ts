import type { Environment } from "../common/environment.ts";
import type { Missing } from "../common/present.ts";
import type { Contender } from "./contender.ts";
import type { Effort } from "./plan.ts";

/** What `--json` writes and `--from` reads. */
export interface Results {
  readonly schema: 1;
  readonly environment: Environment;
  readonly effort: Effort;
  /** Contenders that could not take part, and why. */
  readonly missing: readonly Missing[];
  /** One client, one small request after another: microseconds to the whole answer. */
  readonly latency: readonly Row<Spread>[];
  readonly saturation: readonly Row<Throughput>[];
  /** Microseconds from the writing of a frame to its arrival at the client. */
  readonly stream: readonly Row<Spread>[];
  /** Microseconds for which the slot of the model server had nothing to do, though somebody waited. */
  readonly idle: readonly Row<Spread>[];
  readonly foreground: readonly ForegroundLoad[];
  readonly memory: readonly MemoryUse[];
}

export interface Row<Figure> {
  readonly id: string;
  readonly role: Contender["role"];
  readonly rounds: readonly Figure[];
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

export interface Throughput {
  readonly perSecond: number;
  /** Microseconds of processor time that the contender's process took for a request; `null` where that cannot be read. */
  readonly cpuUs: number | null;
}

/** The same foreground arrivals for everybody, over a background that never ends. Milliseconds. */
export interface ForegroundLoad {
  readonly perSecond: number;
  readonly requests: number;
  /** The share of the slot's time that the foreground takes. */
  readonly utilisation: number;
  /** Mean wait under the ideal rule: a replay of these arrivals. */
  readonly idealMs: number;
  /** The same by formula, for arrivals without end. */
  readonly formulaMs: number;
  readonly runs: readonly ForegroundRun[];
}

export interface ForegroundRun {
  readonly id: string;
  readonly role: Contender["role"];
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** By how much a request waited longer than the slot, as it was when it arrived, made it wait. */
  readonly excessMs: number;
  /** Background jobs that were done beside it, a second. */
  readonly backgroundPerSecond: number;
}

export interface MemoryUse {
  readonly id: string;
  readonly what: "waiter" | "idle stream";
  readonly count: number;
  /** Bytes for each. */
  readonly heap: number;
  readonly rss: number;
}

/** @throws {TypeError} when `text` is no results file of this benchmark. */
export function parseResults(text: string): Results {
  const parsed: unknown = JSON.parse(text);
  const isOurs = typeof parsed === "object" && parsed !== null && "latency" in parsed;
  if (!isOurs || (parsed as Partial<Results>).schema !== 1) {
    throw new TypeError("not a results file of bench/gateway (schema 1)");
  }
  return parsed as Results;
}
