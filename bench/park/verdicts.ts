import { times } from "../common/quantity.ts";
import type { Load, Row } from "./results.ts";
import { NO_BACKGROUND, PARK } from "./ways.ts";

const MOST_P50 = 1.1;
const MOST_P95 = 1.5;
const LEAST_KEPT = 0.95;

/** A row's time to the first token over that of the row without background; `null` where nobody came. */
export function overFloor(load: Load, row: Row, which: "p50Ms" | "p95Ms"): number | null {
  const floor = rowOf(load, NO_BACKGROUND.id).firstToken;
  return floor === null || row.firstToken === null ? null : row.firstToken[which] / floor[which];
}

/** What a target came to, first of all whether it was met. */
export function verdictsOn(load: Load): string[] {
  const park = rowOf(load, PARK.id);
  const p50 = overFloor(load, park, "p50Ms");
  const p95 = overFloor(load, park, "p95Ms");
  return [
    verdict(`first token p50 ≤ ${times(MOST_P50)} without background`, load, p50, p50 !== null && p50 <= MOST_P50),
    verdict(`first token p95 ≤ ${times(MOST_P95)} without background`, load, p95, p95 !== null && p95 <= MOST_P95),
    verdict(
      `background kept ≥ ${times(LEAST_KEPT)} of what is left`,
      load,
      park.kept,
      park.kept !== null && park.kept >= LEAST_KEPT,
    ),
  ];
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function verdict(name: string, { requests, share }: Load, reached: number | null, met: boolean): string {
  const word = reached === null ? "open" : met ? "met" : "MISSED";
  const figure = reached === null ? "nothing to compare with" : times(reached);
  return `${word}: ${name}, people ${percent(share)} of the slot: ${figure} (${requests} requests)`;
}

function rowOf({ rows }: Load, id: string): Row {
  return rows.find((row) => row.id === id)!;
}
