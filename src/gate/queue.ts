import type { Permits } from "./permits.ts";
import { sooner, type Call, type Place } from "./call.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * All waiters of a gate. With a reservation they stand in two lines, those who may use the reserved permits and those beyond,
 * because the first waiter in order need not be the first *eligible* one (under aging, an old background waiter can stand
 * before a foreground one that could run now). Without a reservation there is one line.
 */
export class Queue {
  readonly #lines: readonly WaitingLine[];
  readonly #permits: Permits;
  readonly #maxWaiting: number;

  constructor(permits: Permits, maxWaiting: number) {
    const bounded = maxWaiting !== Infinity;
    this.#permits = permits;
    this.#maxWaiting = maxWaiting;
    this.#lines = Array.from({ length: permits.reserved ? 2 : 1 }, () => new WaitingLine(bounded));
  }

  get size(): number {
    let size = 0;
    for (const line of this.#lines) size += line.size;
    return size;
  }

  /** Whether a newcomer would exceed the bound. Parked waiters were admitted once and do not count. */
  get full(): boolean {
    if (this.#maxWaiting === Infinity) return false;
    let fresh = 0;
    for (const line of this.#lines) fresh += line.size - line.parked;
    return fresh >= this.#maxWaiting;
  }

  /** The next waiter to be dispatched, if a permit it may use is free. */
  firstEligible(): Call | undefined {
    let best: Call | undefined;
    for (const line of this.#lines) {
      const first = line.first();
      if (first === undefined || !this.#permits.usableBy(first.priority)) continue;
      if (best === undefined || sooner(first, best)) best = first;
    }
    return best;
  }

  /** The waiter that a sooner newcomer would displace. */
  last(): Call | undefined {
    let worst: Call | undefined;
    for (const line of this.#lines) {
      const last = line.last();
      if (last !== undefined && (worst === undefined || sooner(worst, last))) worst = last;
    }
    return worst;
  }

  /** The first waiter in order, eligible or not. */
  first(): Call | undefined {
    let best: Call | undefined;
    for (const line of this.#lines) {
      const first = line.first();
      if (first !== undefined && (best === undefined || sooner(first, best))) best = first;
    }
    return best;
  }

  /** How many waiters, counted up to `limit`, outrank `holder` and could run if it stepped aside. */
  countOutranking(holder: Place, limit: number): number {
    let count = 0;
    for (const [index, line] of this.#lines.entries()) {
      if (this.#permits.exist(index === 1)) count += line.countOutranking(holder, limit - count);
    }
    return count;
  }

  add(waiter: Call): void {
    this.#lineOf(waiter).add(waiter);
  }

  remove(waiter: Call): void {
    this.#lineOf(waiter).remove(waiter);
  }

  /** Every waiter, in no particular order. */
  *[Symbol.iterator](): IterableIterator<Call> {
    for (const line of this.#lines) yield* line;
  }

  inOrder(): Call[] {
    return [...this].sort(bySooner);
  }

  #lineOf(waiter: Call): WaitingLine {
    return this.#lines[this.#permits.isBeyond(waiter.priority) ? 1 : 0]!;
  }
}

function bySooner(a: Place, b: Place): number {
  return sooner(a, b) ? -1 : 1;
}
