import type { Call, Place } from "./call.ts";
import type { Queue } from "./queue.ts";

/**
 * The calls that hold a permit, oldest grant first: a linked list, so that joining and leaving is O(1) and allocates nothing.
 * Also keeps count of those who offered to step aside.
 */
export class Holders {
  #first: Call | null = null;
  #last: Call | null = null;
  #willing = 0;
  #asked = 0;

  add(call: Call): void {
    call.previous = this.#last;
    if (this.#last === null) this.#first = call;
    else this.#last.next = call;
    this.#last = call;
    if (call.details?.preemptible === true) this.#willing++;
  }

  remove(call: Call): void {
    const { previous, next } = call;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    call.previous = null;
    call.next = null;
    if (call.details?.preemptible === true) this.#willing--;
    this.answered(call);
  }

  /** Notes that `call` was asked to step aside. */
  asked(call: Call, reason: unknown): void {
    this.#asked++;
    call.details!.parkRequested = true;
    call.details!.parkReason = reason;
  }

  /** Notes that it answered, by leaving or by showing that nobody needs its permit. */
  answered(call: Call): void {
    const { details } = call;
    if (details === null || !details.parkRequested) return;
    this.#asked--;
    details.parkRequested = false;
    details.parkReason = undefined;
  }

  /**
   * The holder to ask next: of those that offered, were not asked yet and are outranked, the worst priority, then the latest
   * arrival (it has the least to lose). `undefined` when as many were asked as there are waiters who need it.
   */
  nextVictim(queue: Queue): Call | undefined {
    if (this.#willing === this.#asked || queue.size === 0) return undefined;
    let victim: Call | undefined;
    for (const holder of this) {
      const { details } = holder;
      if (details === null || !details.preemptible || details.parkRequested) continue;
      if (victim !== undefined && !worse(holder, victim)) continue;
      if (queue.countOutranking(holder, this.#asked + 1) > this.#asked) victim = holder;
    }
    return victim;
  }

  *[Symbol.iterator](): IterableIterator<Call> {
    for (let holder = this.#first; holder !== null; holder = holder.next) yield holder;
  }
}

function worse(a: Place, b: Place): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.sequence > b.sequence);
}
