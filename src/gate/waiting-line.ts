import { append, outranks, sooner, unlink, type Call, type Place } from "./call.ts";
import type { Permits } from "./permits.ts";
import { RunHeads, RunTails } from "./runs.ts";

/** Slots of the open-run cache: a power of two, beyond the number of distinct priorities anybody uses at once. */
const OPEN_RUN_BITS = 6;

/**
 * The waiters of a gate in order: heaps of *runs*.
 *
 * A run is a linked list of waiters of one priority, in order. A newcomer joins the end of its priority's open run, so with
 * few priorities everything is O(1), whatever the depth. Who fits no open run (a waiter that keeps an old arrival, a priority
 * whose cache slot was taken) starts a run of its own. The order never depends on which run a waiter is in: a heap compares
 * the runs' first waiters by the full order, so the cache may forget at will, and with all priorities distinct this is a plain
 * 4-ary heap: O(log n).
 *
 * With a reservation the runs of those who may use the reserved permits stand in one heap and the others in a second, because the
 * first waiter in order need not be the first *eligible* one (under aging, an old background waiter can stand before a foreground
 * one that could run now).
 *
 * Cancelling unlinks at once and leaves nothing behind.
 */
export class WaitingLine {
  size = 0;
  /** How many of them ran before and stepped aside. */
  parked = 0;
  readonly #permits: Permits;
  /** The runs of those within the reservation, and of those beyond. */
  readonly #heads: readonly RunHeads[] = [new RunHeads(), new RunHeads()];
  /** Kept only when the line is bounded. Parked waiters are never evicted, so it leaves them out. */
  readonly #tails: RunTails | null;
  readonly #openRuns: (Call | null | undefined)[] = new Array<Call | null>(1 << OPEN_RUN_BITS);

  constructor(permits: Permits, bounded: boolean) {
    this.#permits = permits;
    this.#tails = bounded ? new RunTails() : null;
  }

  /** The next waiter to be dispatched, if a permit it may use is free. */
  first(): Call | undefined {
    const within = this.#eligible(0);
    const beyond = this.#permits.reserved && this.#eligible(1);
    return within && beyond ? (sooner(within, beyond) ? within : beyond) : (within ?? beyond);
  }

  /** The last evictable waiter of a bounded line: a sooner newcomer would displace it. */
  last(): Call | undefined {
    return this.#tails?.items[0];
  }

  add(waiter: Call): void {
    this.size++;
    if (waiter.state === "parked") {
      // Alone in its run: nobody may be linked behind a waiter that the tails leave out.
      this.parked++;
      this.#headsFor(waiter).add(waiter);
      return;
    }
    const slot = slotOf(waiter.priority);
    const tail = this.#openRuns[slot];
    const samePriority = tail?.priority === waiter.priority;
    if (samePriority && sooner(tail, waiter)) {
      append(waiter, tail);
      this.#tails?.removeAt(tail.tailIndex, waiter);
    } else {
      this.#headsFor(waiter).add(waiter);
      this.#tails?.add(waiter);
      // An out-of-turn waiter must not close the run that newcomers join.
      if (samePriority) return;
    }
    this.#openRuns[slot] = waiter;
  }

  remove(waiter: Call): void {
    this.size--;
    const { previous, next } = waiter;
    if (previous === null) this.#headsFor(waiter).removeAt(waiter.headIndex, next);
    unlink(waiter);
    if (waiter.state === "parked") this.parked--;
    else if (next === null) {
      const slot = slotOf(waiter.priority);
      if (this.#openRuns[slot] === waiter) this.#openRuns[slot] = previous;
      this.#tails?.removeAt(waiter.tailIndex, previous);
    }
  }

  /** Whether `fits` holds for the first waiter of either side of the reservation. */
  someFirst(fits: (waiter: Call) => boolean): boolean {
    return this.#heads.some(({ items: [first] }) => first && fits(first));
  }

  /** How many waiters, counted up to `limit`, outrank `holder` and could run if it stepped aside. */
  countOutranking(holder: Place, limit: number): number {
    return this.#heads.reduce((count, { items }) => count + this.#countIn(items, 0, holder, limit - count), 0);
  }

  /** Every waiter, each run in order, the runs in none. */
  *[Symbol.iterator](): IterableIterator<Call> {
    for (const { items } of this.#heads) {
      for (const head of items) {
        for (let waiter: Call | null = head; waiter; waiter = waiter.next) yield waiter;
      }
    }
  }

  inOrder(): Call[] {
    return [...this].sort((a, b) => (sooner(a, b) ? -1 : 1));
  }

  /**
   * Counts in the run at `index` and below it. Who is not sooner than the holder does not outrank it, nor does anybody behind him
   * in the heap or in his run; so with strict priorities this takes O(limit) steps.
   */
  #countIn(heads: readonly Call[], index: number, holder: Place, limit: number): number {
    const head = heads[index];
    if (!head || !sooner(head, holder) || !(this.#permits.allFor(head.priority) > 0)) return 0;
    let count = 0;
    for (let waiter: Call | null = head; waiter && count < limit && outranks(waiter, holder); waiter = waiter.next) {
      // Who was aborted and is not told yet needs nothing any more.
      if (!waiter.details?.waitSignal?.aborted) count++;
    }
    for (let child = 4 * index + 1; child <= 4 * index + 4 && count < limit; child++) {
      count += this.#countIn(heads, child, holder, limit - count);
    }
    return count;
  }

  #eligible(side: number): Call | undefined {
    const head = this.#heads[side]!.items[0];
    return head && this.#permits.freeFor(head.priority) > 0 ? head : undefined;
  }

  #headsFor({ priority }: Call): RunHeads {
    return this.#heads[this.#permits.isBeyond(priority) ? 1 : 0]!;
  }
}

/** Fibonacci hashing: spreads small integers and fractions alike. */
function slotOf(priority: number): number {
  return (priority * 0x9e3779b1) >>> (32 - OPEN_RUN_BITS);
}
