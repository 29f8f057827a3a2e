import { sooner, type Call, type Place } from "./call.ts";
import type { Permits } from "./permits.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * All waiters of a gate. With a reservation they stand in two lines, those who may use the reserved permits and those beyond,
 * because the first waiter in order need not be the first *eligible* one (under aging, an old background waiter can stand
 * before a foreground one that could run now). Without a reservation there is one line.
 */
export class Queue {
  readonly #permits: Permits;
  readonly #maxWaiting: number;
  readonly #within: WaitingLine;
  readonly #beyond: WaitingLine | null;
  #size = 0;

  constructor(permits: Permits, maxWaiting: number) {
    const bounded = maxWaiting !== Infinity;
    this.#permits = permits;
    this.#maxWaiting = maxWaiting;
    this.#within = new WaitingLine(bounded);
    this.#beyond = permits.reserved === undefined ? null : new WaitingLine(bounded);
  }

  get size(): number {
    return this.#size;
  }

  /** Whether a newcomer would exceed the bound. Parked waiters were admitted once and do not count. */
  get full(): boolean {
    if (this.#size < this.#maxWaiting) return false;
    const parked = this.#within.parked + (this.#beyond?.parked ?? 0);
    return this.#size - parked >= this.#maxWaiting;
  }

  /** The next waiter to be dispatched, if a permit it may use is free. */
  firstEligible(): Call | undefined {
    const { held, capacity } = this.#permits;
    if (held >= capacity) return undefined;
    const within = this.#within.first();
    const beyond = this.#beyond?.first();
    if (beyond === undefined || !this.#permits.usableBy(beyond.priority)) return within;
    return within !== undefined && sooner(within, beyond) ? within : beyond;
  }

  /** The first waiter in order for whom there are permits at all, held or free. */
  firstPossible(): Call | undefined {
    return pick(this.#possible(this.#within), this.#possible(this.#beyond), sooner);
  }

  /** The waiter that a sooner newcomer would displace. */
  last(): Call | undefined {
    return pick(this.#within.last(), this.#beyond?.last(), later);
  }

  /** How many waiters, counted up to `limit`, outrank `holder` and could run if it stepped aside. */
  countOutranking(holder: Place, limit: number): number {
    let count = 0;
    for (const line of [this.#within, this.#beyond]) {
      if (this.#possible(line) !== undefined) count += line!.countOutranking(holder, limit - count);
    }
    return count;
  }

  add(waiter: Call): void {
    this.#size++;
    this.#lineOf(waiter).add(waiter);
  }

  remove(waiter: Call): void {
    this.#size--;
    this.#lineOf(waiter).remove(waiter);
  }

  /** Every waiter, in no particular order. */
  *[Symbol.iterator](): IterableIterator<Call> {
    yield* this.#within;
    if (this.#beyond !== null) yield* this.#beyond;
  }

  inOrder(): Call[] {
    return [...this].sort((a, b) => (sooner(a, b) ? -1 : 1));
  }

  #possible(line: WaitingLine | null): Call | undefined {
    const first = line?.first();
    return first !== undefined && this.#permits.existFor(first.priority) ? first : undefined;
  }

  #lineOf(waiter: Call): WaitingLine {
    return this.#beyond !== null && this.#permits.isBeyond(waiter.priority) ? this.#beyond : this.#within;
  }
}

function pick(a: Call | undefined, b: Call | undefined, before: (a: Place, b: Place) => boolean): Call | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return before(a, b) ? a : b;
}

function later(a: Place, b: Place): boolean {
  return sooner(b, a);
}
