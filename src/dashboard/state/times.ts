/** A distribution as a share of all, in percent; all zero for an empty one. */
export function shares(counts: readonly number[]): number[] {
  const all = total(counts);
  return counts.map((count) => (all === 0 ? 0 : (100 * count) / all));
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The bound that at least `share` of all stay below: no more is known of what was counted in classes. `Infinity` for what lies beyond
 * the last bound, `undefined` where there is nothing.
 */
export function within(counts: readonly number[], boundsMs: readonly number[], share: number): number | undefined {
  const wanted = total(counts) * share;
  if (wanted === 0) return undefined;
  let sum = 0;
  for (const [at, count] of counts.entries()) {
    sum += count;
    if (sum >= wanted) return boundsMs[at] ?? Infinity;
  }
  return Infinity;
}
