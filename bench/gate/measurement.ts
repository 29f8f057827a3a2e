import type { Style } from "./contender.ts";
import type { ArrivalOrder } from "./orders.ts";

/** What one child process measures: one contender, one situation. */
export interface Assignment {
  readonly contender: string;
  readonly style: Style;
  readonly situation: Situation;
  /** Samples at most; fewer when `budgetMs` is used up, but at least one. */
  readonly samples: number;
  readonly budgetMs: number;
}

export type Situation =
  | { readonly kind: "uncontended" }
  | { readonly kind: "hand-off"; readonly waiters: number; readonly order: ArrivalOrder }
  | { readonly kind: "cancel"; readonly waiters: number; readonly order: ArrivalOrder; readonly signals: Signals }
  | { readonly kind: "heap"; readonly waiters: number; readonly order: ArrivalOrder };

/** A signal for each waiter, or one for all. */
export type Signals = "own" | "shared";

/** One sample: nanoseconds per waiter (or per operation), or bytes per waiter, by what was measured. */
export type Sample = Readonly<Partial<Record<Figure, number>>>;

/**
 * - `total`: the whole life of a waiter in line, enqueue and what ends it.
 * - `enqueue`, `handOff`, `cancel`: its parts.
 * - `bytes`: the heap that a waiter holds.
 */
export type Figure = "total" | "enqueue" | "handOff" | "cancel" | "bytes";

/** What a child tells its parent: that the clock is about to run, and what it read. */
export type Message = { readonly type: "begin" } | { readonly type: "sample"; readonly sample: Sample };

const NANOSECONDS = 1e6;

/** Nanoseconds for each of `count`, from a difference of `performance.now()`. */
export function nsEach(elapsedMs: number, count: number): number {
  return (elapsedMs * NANOSECONDS) / count;
}
