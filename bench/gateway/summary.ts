import { count, duration, times } from "../common/quantity.ts";
import type { Results } from "./results.ts";
import {
  addedOf,
  addedRatio,
  LEAST_THROUGHPUT,
  MOST_ADDED,
  MOST_IDLE_US,
  MOST_WAIT,
  rowOf,
  spreadOf,
  STRETCH_P99_US,
  throughputOf,
  waitRatio,
  waitRatioByExcess,
  type Verdict,
} from "./verdicts.ts";

export function verdictsOn(results: Results): Verdict[] {
  const { foreground, idle, latency, saturation, stream } = results;
  const throughput = throughputOf(rowOf(saturation, "ours")) / throughputOf(rowOf(saturation, "bare"));
  const addedP99 = addedOf(rowOf(latency, "ours"), latency).p99;
  const gap = spreadOf(rowOf(idle, "ours")).p50;
  return [
    atMost("added p99 at one connection", addedRatio(latency, "p99"), MOST_ADDED, "the bare proxy's"),
    {
      name: `stretch: added p99 at one connection < ${us(STRETCH_P99_US)}`,
      reached: us(addedP99),
      met: addedP99 < STRETCH_P99_US,
    },
    {
      name: `saturated requests/s ≥ ${times(LEAST_THROUGHPUT)} the bare proxy's`,
      reached: times(throughput),
      met: throughput >= LEAST_THROUGHPUT,
    },
    atMost("added p50 of a stream's frame", addedRatio(stream, "p50"), MOST_ADDED, "the bare proxy's"),
    { name: `slot idle between two jobs, p50 ≤ ${us(MOST_IDLE_US)}`, reached: us(gap), met: gap <= MOST_IDLE_US },
    ...foreground.map((load): Verdict => {
      const run = load.runs.find(({ role }) => role === "ours")!;
      const ratio = waitRatio(load, run);
      const byExcess = waitRatioByExcess(load, run);
      return {
        name: `foreground mean wait, ${load.perSecond}/s, ≤ ${times(MOST_WAIT)} the ideal rule's`,
        reached: `${times(byExcess)} by the excess, ${times(ratio)} by the means of ${count(load.requests)} requests`,
        met: byExcess <= MOST_WAIT,
      };
    }),
  ];
}

function atMost(what: string, ratio: number | null, target: number, whose: string): Verdict {
  const reached = ratio === null ? "nothing to compare with" : times(ratio);
  return { name: `${what} ≤ ${times(target)} ${whose}`, reached, met: ratio === null ? null : ratio <= target };
}

export function summaryOf(results: Results): string[] {
  const verdicts = verdictsOn(results).map(({ met, name, reached }) => {
    const word = met === null ? "open" : met ? "met" : "MISSED";
    return `${word}: ${name}: ${reached}`;
  });
  const missing = results.missing.map(({ id, why }) => `NOT MEASURED: ${id}: ${why}`);
  return [...verdicts, ...missing];
}

export function us(microseconds: number): string {
  return duration(microseconds * 1000);
}
