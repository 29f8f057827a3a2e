import { IndexedHeap } from "./heap.ts";
import { outranks, sooner, type Call, type Place } from "./call.ts";

/** Slots of the open-run cache: a power of two, beyond the number of distinct priorities anybody uses at once. */
const OPEN_RUN_BITS = 6;

type Sooner = (a: Place, b: Place) => boolean;

/** The runs by their first waiter: the next to be dispatched is on top. */
class RunHeads extends IndexedHeap<Call> {
  readonly #sooner: Sooner;
  constructor(order: Sooner) {
    super();
    this.#sooner = order;
  }
  protected before(a: Call, b: Call): boolean {
    return this.#sooner(a, b);
  }
  protected place(waiter: Call, index: number): void {
    waiter.headIndex = index;
  }
}

/** The runs by their last waiter: the first to be evicted is on top. */
class RunTails extends IndexedHeap<Call> {
  readonly #sooner: Sooner;
  constructor(order: Sooner) {
    super();
    this.#sooner = order;
  }
  protected before(a: Call, b: Call): boolean {
    return this.#sooner(b, a);
  }
  protected place(waiter: Call, index: number): void {
    waiter.tailIndex = index;
  }
}

/**
 * The waiters of a gate in order: a heap of *runs*.
 *
 * A run is a linked list of waiters of one priority, in order. A newcomer joins the end of its priority's open run, so with
 * few priorities everything is O(1), whatever the depth. Who fits no open run (a waiter that keeps an old arrival, a priority
 * whose cache slot was taken) starts a run of its own. The order never depends on which run a waiter is in: the heap compares
 * the runs' first waiters by the full order, so the cache may forget at will, and with all priorities distinct this is a plain
 * 4-ary heap: O(log n).
 *
 * Cancelling unlinks at once and leaves nothing behind.
 */
export class WaitingLine {
  readonly #sooner: Sooner;
  readonly #heads: RunHeads;
  /** Kept only when the line is bounded: it answers who is last. Parked waiters are never evicted, so it leaves them out. */
  readonly #tails: RunTails | null;
  readonly #openRuns: (Call | null)[] = new Array<Call | null>(1 << OPEN_RUN_BITS).fill(null);
  #size = 0;
  #parked = 0;

  constructor(bounded: boolean, order: Sooner = sooner) {
    this.#sooner = order;
    this.#heads = new RunHeads(order);
    this.#tails = bounded ? new RunTails(order) : null;
  }

  get size(): number {
    return this.#size;
  }

  /** How many of them ran before and stepped aside. */
  get parked(): number {
    return this.#parked;
  }

  first(): Call | undefined {
    return this.#heads.peek();
  }

  /** The last evictable waiter of a bounded line. */
  last(): Call | undefined {
    return this.#tails?.peek();
  }

  add(waiter: Call): void {
    this.#size++;
    if (waiter.state === "parked") {
      // Alone in its run: nobody may be linked behind a waiter that the tails leave out.
      this.#parked++;
      this.#heads.add(waiter);
      return;
    }
    const slot = slotOf(waiter.priority);
    const tail = this.#openRuns[slot]!;
    const samePriority = tail !== null && tail.priority === waiter.priority;
    if (samePriority && tail.sequence < waiter.sequence) {
      tail.next = waiter;
      waiter.previous = tail;
      this.#openRuns[slot] = waiter;
      this.#tails?.replaceAt(tail.tailIndex, waiter);
      return;
    }
    this.#heads.add(waiter);
    this.#tails?.add(waiter);
    // An out-of-turn waiter must not close the run that newcomers join.
    if (!samePriority) this.#openRuns[slot] = waiter;
  }

  remove(waiter: Call): void {
    this.#size--;
    const { previous, next } = waiter;
    if (previous === null) {
      if (next === null) this.#heads.removeAt(waiter.headIndex);
      else this.#heads.replaceAt(waiter.headIndex, next);
    } else previous.next = next;
    if (next !== null) next.previous = previous;
    waiter.previous = null;
    waiter.next = null;
    if (waiter.state === "parked") {
      this.#parked--;
      return;
    }
    if (next !== null) return;
    const slot = slotOf(waiter.priority);
    if (this.#openRuns[slot] === waiter) this.#openRuns[slot] = previous;
    if (this.#tails === null) return;
    if (previous === null) this.#tails.removeAt(waiter.tailIndex);
    else this.#tails.replaceAt(waiter.tailIndex, previous);
  }

  /**
   * How many waiters outrank `holder`, counted up to `limit`. Who is not sooner than the holder does not, nor does anybody
   * behind him in the heap or in his run; so with strict priorities this takes O(limit) steps.
   */
  countOutranking(holder: Place, limit: number): number {
    const heads = this.#heads.items;
    let count = 0;
    const open = [0];
    for (let index = open.pop(); index !== undefined && count < limit; index = open.pop()) {
      const head = heads[index];
      if (head === undefined || !this.#sooner(head, holder)) continue;
      for (let waiter: Call | null = head; waiter !== null && count < limit; waiter = waiter.next) {
        if (!outranks(waiter, holder)) break;
        // Who was aborted and is not told yet needs nothing any more.
        if (waiter.details?.waitSignal?.aborted !== true) count++;
      }
      for (let child = 4 * index + 1; child <= 4 * index + 4; child++) open.push(child);
    }
    return count;
  }

  /** Every waiter, each run in order, the runs in none. */
  *[Symbol.iterator](): IterableIterator<Call> {
    for (const head of this.#heads.items) {
      for (let waiter: Call | null = head; waiter !== null; waiter = waiter.next) yield waiter;
    }
  }
}

/** Fibonacci hashing: spreads small integers and fractions alike. */
function slotOf(priority: number): number {
  return Math.imul(priority * 65_536, 0x9e3779b1) >>> (32 - OPEN_RUN_BITS);
}
