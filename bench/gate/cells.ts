import type { Figure, Sample } from "./measurement.ts";
import { median } from "../../src/cli/bench/statistics.ts";

/** How one contender fared in one situation. Nobody is left out without a word. */
export type Cell =
  | { readonly outcome: "measured"; readonly rounds: number; readonly samples: number; readonly figures: Figures }
  /** A sample took longer than `capMs`, with `waiters` in line: a lower bound, also for more waiters. */
  | { readonly outcome: "over"; readonly capMs: number; readonly waiters: number }
  | { readonly outcome: "failed"; readonly reason: string }
  | { readonly outcome: "not run" };

/** `median` of the rounds' medians, `min` of all samples. */
export interface Reading {
  readonly median: number;
  readonly min: number;
}
export type Figures = Readonly<Partial<Record<Figure, Reading>>>;

/** @param rounds - the samples of each round; at least one round with one sample. */
export function measured(rounds: readonly (readonly Sample[])[]): Cell {
  const first = rounds[0]![0]!;
  const figures: Partial<Record<Figure, Reading>> = {};
  for (const figure of Object.keys(first) as Figure[]) {
    const values = rounds.map((round) => round.map((sample) => sample[figure]!));
    figures[figure] = { median: median(values.map(median)), min: Math.min(...values.flat()) };
  }
  const samples = rounds.reduce((sum, round) => sum + round.length, 0);
  return { outcome: "measured", rounds: rounds.length, samples, figures };
}
