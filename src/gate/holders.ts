import { append, unlink, type Call } from "./call.ts";

/** The calls that hold a permit: a linked list, so that joining and leaving is O(1) and allocates nothing. */
export class Holders {
  /** Those of them that offered to step aside. */
  readonly preemptible: Set<Call> = new Set();
  /** Whoever got a permit last. */
  newest: Call | null = null;

  add(call: Call): void {
    append(call, this.newest);
    this.newest = call;
    if (call.details?.preemptible) this.preemptible.add(call);
  }

  remove(call: Call): void {
    if (this.newest === call) this.newest = call.previous;
    unlink(call);
    if (call.details) this.preemptible.delete(call);
  }

  /** Latest grant first. */
  *[Symbol.iterator](): IterableIterator<Call> {
    for (let holder = this.newest; holder; holder = holder.previous) yield holder;
  }
}
