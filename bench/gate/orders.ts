import { randomNumbers } from "../../src/cli/bench/random.ts";

/**
 * In what order priorities arrive. Smaller is sooner.
 *
 * - `one`: all equal.
 * - `few`: chat 0, agents 50, pipelines 100, mixed at random. The everyday case.
 * - `distinct`: all different, shuffled.
 * - `ascending`: all different, each newcomer last. The best case of a sorted array.
 * - `descending`: all different, each newcomer before everybody. Its worst case.
 * - `sawtooth`: ramps of a thousand, over and over: more priorities than anybody keeps lanes for, and each many times.
 */
export const arrivalOrders = ["one", "few", "distinct", "ascending", "descending", "sawtooth"] as const;
export type ArrivalOrder = (typeof arrivalOrders)[number];

const FEW = [0, 50, 100] as const;
const RAMP = 1000;

/** The priorities of `waiters` arrivals; the same at every call. */
export function prioritiesIn(order: ArrivalOrder, waiters: number): number[] {
  const random = randomNumbers(waiters);
  const made = Array.from({ length: waiters }, (_, index) => {
    switch (order) {
      case "one":
        return 100;
      case "few":
        return FEW[Math.floor(random() * FEW.length)]!;
      case "descending":
        return waiters - index;
      case "sawtooth":
        return index % RAMP;
      case "distinct":
      case "ascending":
        return index;
    }
  });
  return order === "distinct" ? shuffled(made, random) : made;
}

/** Fisher and Yates; in place. */
export function shuffled<Item>(items: Item[], random: () => number): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}
