import { sooner, type Call } from "./call.ts";
import { IndexedHeap } from "./heap.ts";

/** Runs by their first waiter: the next to be dispatched is on top. */
export class RunHeads extends IndexedHeap<Call> {
  protected before(a: Call, b: Call): boolean {
    return sooner(a, b);
  }
}

/** Runs by their last waiter: the first to be evicted is on top. */
export class RunTails extends IndexedHeap<Call> {
  protected before(a: Call, b: Call): boolean {
    return sooner(b, a);
  }

  protected override place(waiter: Call, index: number): void {
    waiter.tailIndex = index;
  }
}
