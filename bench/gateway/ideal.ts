import { mean } from "../../src/cli/bench/statistics.ts";
import { randomNumbers } from "../../src/cli/bench/random.ts";
import type { Served } from "./servers/slot.ts";

/** Arrivals of the foreground, and how long each job takes. Milliseconds. */
export interface Load {
  readonly arrivals: readonly number[];
  readonly serviceMs: number;
  readonly backgroundMs: number;
}

/** Poisson arrivals at `perSecond` over `forMs`: the same in every run. */
export function poissonArrivals(perSecond: number, forMs: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const arrivals: number[] = [];
  for (let moment = 0; ;) {
    moment += (-Math.log(1 - random()) * 1000) / perSecond;
    if (moment >= forMs) return arrivals;
    arrivals.push(moment);
  }
}

/**
 * The waits of the foreground under the ideal non-preemptive rule: one slot that is never idle, background without end, and
 * whoever of the foreground has come goes before it, first come first served. Nothing takes any time but the jobs.
 *
 * @param phaseMs - when the background job that runs at 0 ends.
 */
export function idealWaits({ arrivals, backgroundMs, serviceMs }: Load, phaseMs: number): number[] {
  const waits: number[] = [];
  let freeAt = phaseMs;
  while (waits.length < arrivals.length) {
    const arrival = arrivals[waits.length]!;
    if (arrival <= freeAt) {
      waits.push(freeAt - arrival);
      freeAt += serviceMs;
    } else freeAt += backgroundMs;
  }
  return waits;
}

const PHASES = 120;

/**
 * The mean wait under the ideal rule, over all phases that the background may have when the first arrives. A real run drifts
 * through them, a fraction of a millisecond with each job, so none of them is *its* phase.
 */
export function idealMean(load: Load): number {
  return mean(
    Array.from({ length: PHASES }, (_, phase) => mean(idealWaits(load, (load.backgroundMs * (phase + 0.5)) / PHASES))),
  );
}

/** E[W] = λE[S²] / 2(1-ρ) + E[V²] / 2E[V]: foreground behind foreground, and the rest of the background job that is running. */
export function formulaMean(perSecond: number, serviceMs: number, backgroundMs: number): number {
  const perMs = perSecond / 1000;
  return (perMs * serviceMs ** 2) / (2 * (1 - perMs * serviceMs)) + backgroundMs / 2;
}

/** When a foreground request was sent, and when it began to be served. */
export interface Passage {
  readonly sentAt: number;
  readonly startedAt: number;
}

/**
 * The least that each could wait, given what the slot was doing when it was sent: the rest of the running job, and everybody of
 * the foreground who was before it. Free of the luck of phases, which a mean over some hundred arrivals is not.
 *
 * @param served - everything the slot did, in order.
 * @param serviceOf - how long a job was to take.
 * @param passages - of the foreground, in the order they were sent.
 */
export function leastWaits(
  served: readonly Served[],
  serviceOf: (job: Served) => number,
  passages: readonly Passage[],
  serviceMs: number,
): number[] {
  let running = 0;
  return passages.map(({ sentAt }, index) => {
    while (running + 1 < served.length && served[running + 1]!.startedAt <= sentAt) running++;
    const job = served[running];
    const rest = job === undefined || job.startedAt > sentAt ? 0 : job.startedAt + serviceOf(job) - sentAt;
    let before = 0;
    for (let other = index - 1; other >= 0 && passages[other]!.startedAt > sentAt; other--) before++;
    return Math.max(0, rest) + before * serviceMs;
  });
}
