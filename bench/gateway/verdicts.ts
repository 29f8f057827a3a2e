import { median } from "../../src/cli/bench/statistics.ts";
import type { ForegroundLoad, ForegroundRun, Results, Row, Spread } from "./results.ts";

/** One target and how far we are from it. */
export interface Verdict {
  readonly name: string;
  /** What was reached, in the words of the target. */
  readonly reached: string;
  /** `null` when it was not measured, or the figures cannot carry a verdict. */
  readonly met: boolean | null;
}

/** Factors against the bare proxy. */
export const MOST_ADDED = 1.2;
export const LEAST_THROUGHPUT = 0.6;
export const MOST_IDLE_US = 1000;
export const MOST_WAIT = 1.05;
export const STRETCH_P99_US = 1000;

/** The median of the rounds. */
export function spreadOf(row: Row<Spread>): Spread {
  return { p50: median(row.rounds.map(({ p50 }) => p50)), p99: median(row.rounds.map(({ p99 }) => p99)) };
}

/** What a contender adds to the way without one. */
export function addedOf(row: Row<Spread>, rows: readonly Row<Spread>[]): Spread {
  const own = spreadOf(row);
  const direct = spreadOf(rows.find(({ role }) => role === "direct")!);
  return { p50: own.p50 - direct.p50, p99: own.p99 - direct.p99 };
}

/**
 * What ours adds over what the bare proxy adds; `null` when the bare proxy adds nothing that could be told from noise.
 */
export function addedRatio(rows: readonly Row<Spread>[], figure: keyof Spread): number | null {
  const added = (role: Row<Spread>["role"]): number => addedOf(rowOf(rows, role), rows)[figure];
  return added("bare") > 0 ? added("ours") / added("bare") : null;
}

export function throughputOf(row: Results["saturation"][number]): number {
  return median(row.rounds.map(({ perSecond }) => perSecond));
}

/** `null` where processor time cannot be read. */
export function cpuOf(row: Results["saturation"][number]): number | null {
  const known = row.rounds.flatMap(({ cpuUs }) => cpuUs ?? []);
  return known.length === 0 ? null : median(known);
}

/** Mean wait over the ideal one. */
export function waitRatio({ idealMs }: ForegroundLoad, { meanMs }: ForegroundRun): number {
  return meanMs / idealMs;
}

/**
 * The same by the excess: free of the luck of phases. Who waits longer than he must is still there when the next arrives, so an
 * excess e at utilisation ρ lengthens the mean wait by e / (1-ρ) (Little's law).
 */
export function waitRatioByExcess({ idealMs, utilisation }: ForegroundLoad, { excessMs }: ForegroundRun): number {
  return 1 + excessMs / (1 - utilisation) / idealMs;
}

export function rowOf<Figure>(rows: readonly Row<Figure>[], role: Row<Figure>["role"]): Row<Figure> {
  return rows.find((row) => row.role === role)!;
}
