/** How often background stepped aside, by how it came back. */
export interface Parks {
  readonly resumed: number;
  readonly restarted: number;
}

/** By a gateway's own count, out of its metrics. */
export function parksIn(metrics: string): Parks {
  const count = (way: string): number =>
    [...metrics.matchAll(new RegExp(`^headgate_parks_total\\{.*way_back="${way}".*\\} (\\d+)$`, "gm"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return { resumed: count("resumed"), restarted: count("restarted") };
}
