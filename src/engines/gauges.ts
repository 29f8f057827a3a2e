import { countIn } from "../protocol/untrusted-json.ts";
import type { ProbeAnswer } from "./engine.ts";

/**
 * The sum of some gauges in Prometheus's text format, over all their labels; `undefined` unless each of them is there
 * (https://prometheus.io/docs/instrumenting/exposition_formats).
 */
export function gaugesIn(answer: ProbeAnswer | undefined, names: readonly string[]): number | undefined {
  if (answer?.status !== 200) return undefined;
  const lines = answer.text.split("\n");
  const perName = names.map((name) => {
    const series = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const values = series.map((line) => countIn(Number(/^(?:[^{\s]*|.*\}) +(\S+)/.exec(line)?.[1])));
    return values.length === 0 ? undefined : total(values);
  });
  return total(perName);
}

/** The sum of some members; `undefined` unless each of them is a count. */
export function sumIn(members: Readonly<Record<string, unknown>>, names: readonly string[]): number | undefined {
  return total(names.map((name) => countIn(members[name])));
}

function total(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce<number | undefined>(
    (sum, count) => (sum === undefined || count === undefined ? undefined : sum + count),
    0,
  );
}
