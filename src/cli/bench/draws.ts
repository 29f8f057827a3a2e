/** Draws from a source of numbers in [0, 1). The parameters are those of the published traces; see workloads.ts. */

export function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** A lognormal whole number, drawn again until it lies within the bounds: no heap of values at either of them. */
export function lognormal(random: () => number, { mu, sigma, least, most }: Lognormal): number {
  for (;;) {
    const value = Math.round(Math.exp(mu + sigma * normal(random)));
    if (value >= least && value <= most) return value;
  }
}

export interface Lognormal {
  readonly mu: number;
  readonly sigma: number;
  readonly least: number;
  readonly most: number;
}

/** Box and Muller's transform. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Moments from 0 to `forMs` with exponential gaps: the same for the same seed, whoever asks. */
export function arrivalsOf(random: () => number, meanGapMs: number, forMs: number): number[] {
  const arrivals: number[] = [];
  for (let moment = exponential(random, meanGapMs); moment < forMs; moment += exponential(random, meanGapMs)) {
    arrivals.push(moment);
  }
  return arrivals;
}
