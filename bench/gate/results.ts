import type { Environment } from "../common/environment.ts";
import type { Cell } from "./cells.ts";
import type { ComparisonSummary } from "./comparisons.ts";
import type { Role, Style } from "./contender.ts";
import type { Figure } from "./measurement.ts";
import type { Effort } from "./plan.ts";

/** What `--json` writes and `--from` reads. Nanoseconds and bytes per waiter, or per operation. */
export interface Results {
  readonly schema: 1;
  readonly environment: Environment;
  readonly effort: Omit<Effort, "deadlineMs">;
  readonly rows: readonly ResultRow[];
  readonly comparisons: readonly ComparisonSummary[];
}

export interface ResultRow {
  readonly style: Style;
  readonly title: string;
  readonly figure: Figure;
  /** Waiters in line; 0 when nobody waits. */
  readonly waiters: number;
  readonly entrants: readonly Entrant[];
}

export interface Entrant {
  readonly id: string;
  readonly role: Role;
  readonly priorities: boolean;
  readonly cancel: boolean;
  readonly cell: Cell;
}

/** @throws {TypeError} when `text` is no results file of this benchmark. */
export function parseResults(text: string): Results {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null || (parsed as Partial<Results>).schema !== 1) {
    throw new TypeError("not a results file of bench/gate (schema 1)");
  }
  return parsed as Results;
}
