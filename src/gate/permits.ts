import type { Priority } from "./priority.ts";

/** Permits kept free for the soonest priorities. */
export interface Reserved {
  /** How many permits waiters beyond `priority` can never take. */
  readonly permits: number;
  /** The largest priority number that may use the reserved permits. */
  readonly priority: Priority;
}

/** The count of permits: how many exist, how many are held, and by which side of the reservation. No policy of order. */
export class Permits {
  capacity: number;
  reserved: Reserved | undefined;
  #held = 0;
  /** Held by priorities beyond the reservation. */
  #heldBeyond = 0;

  constructor(capacity: number, reserved: Reserved | undefined) {
    this.capacity = capacity;
    this.reserved = reserved;
  }

  get held(): number {
    return this.#held;
  }

  /** Permits held by priorities within the reservation; all of them when there is none. */
  get heldWithin(): number {
    return this.#held - this.#heldBeyond;
  }

  /** Whether `priority` may not use the reserved permits. */
  isBeyond(priority: Priority): boolean {
    return this.reserved !== undefined && priority > this.reserved.priority;
  }

  /** Whether a permit is free that `priority` may use. */
  usableBy(priority: Priority): boolean {
    if (this.#held >= this.capacity) return false;
    return !this.isBeyond(priority) || this.#heldBeyond < this.capacity - this.reserved!.permits;
  }

  /** Whether there are permits at all, held or free, for `priority`. */
  existFor(priority: Priority): boolean {
    return this.capacity > (this.isBeyond(priority) ? this.reserved!.permits : 0);
  }

  /** Whether a shrink left more held than there are, of those that a holder of `priority` counts among. */
  tooManyHeldAs(priority: Priority): boolean {
    if (this.#held > this.capacity) return true;
    return this.isBeyond(priority) && this.#heldBeyond > this.capacity - this.reserved!.permits;
  }

  take(priority: Priority): void {
    this.#held++;
    if (this.isBeyond(priority)) this.#heldBeyond++;
  }

  giveBack(priority: Priority): void {
    this.#held--;
    if (this.isBeyond(priority)) this.#heldBeyond--;
  }
}
