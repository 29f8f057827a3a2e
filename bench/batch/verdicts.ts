import { median } from "../../src/cli/bench/statistics.ts";
import { duration, times } from "../common/quantity.ts";
import type { Rate, Results } from "./results.ts";

const LEAST_RATE = 0.7;
const MOST_GAP_US = 3000;
/** Two runs of the same people differ by as much where they fall into other moments of the background's jobs. */
const MOST_MEAN = 1.1;

/** A batch's lines a second over the store's own. */
export function shareOfStore({ batch, store }: Rate): number {
  return median(batch) / median(store);
}

/** The mean wait of people beside a batch, over that beside clients. */
function besideBatch({ people: { runs } }: Results): number {
  const [batch, clients] = (["batch", "clients"] as const).map((id) => runs.find((run) => run.id === id)!);
  return batch!.meanMs / clients!.meanMs;
}

/** What each target came to, first of all whether it was met. */
export function verdictsOn(results: Results): string[] {
  const { gaps, rates } = results;
  const people = besideBatch(results);
  return [
    ...rates.map((rate) => {
      const share = shareOfStore(rate);
      const name = `lines/s, ${rate.atOnce} at once, ≥ ${times(LEAST_RATE)} the store's own commit rate`;
      return `${word(share >= LEAST_RATE)}: ${name}: ${times(share)}`;
    }),
    `${word(gaps.batch.p50 <= MOST_GAP_US)}: slot idle between two lines, p50 ≤ ${us(MOST_GAP_US)}: ${us(gaps.batch.p50)}`,
    `${word(people <= MOST_MEAN)}: mean wait of people beside a batch ≤ ${times(MOST_MEAN)} that beside clients: ${times(people)}`,
  ];
}

function word(met: boolean): string {
  return met ? "met" : "MISSED";
}

function us(microseconds: number): string {
  return duration(microseconds * 1000);
}
