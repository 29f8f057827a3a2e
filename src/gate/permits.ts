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
  declare capacity: number;
  declare reserved: Reserved | undefined;
  held = 0;
  /** Held by priorities beyond the reservation. */
  #heldBeyond = 0;

  constructor(capacity: number, reserved: Reserved | undefined) {
    this.capacity = capacity;
    this.reserved = reserved;
  }

  /** Permits held by priorities within the reservation; all of them when there is none. */
  get heldWithin(): number {
    return this.held - this.#heldBeyond;
  }

  /** Whether `priority` may not use the reserved permits. */
  isBeyond(priority: Priority): boolean {
    return this.reserved !== undefined && priority > this.reserved.priority;
  }

  /** Permits that `priority` may use, held or free. */
  allFor(priority: Priority): number {
    return this.isBeyond(priority) ? this.capacity - this.reserved!.permits : this.capacity;
  }

  /** Permits that `priority` may use and nobody holds; below 0 when a shrink left too many held. */
  freeFor(priority: Priority): number {
    const free = this.capacity - this.held;
    return this.isBeyond(priority) ? Math.min(free, this.allFor(priority) - this.#heldBeyond) : free;
  }

  /** Counts one permit more (1) or less (-1) as held by `priority`. */
  charge(priority: Priority, permits: 1 | -1): void {
    this.held += permits;
    if (this.isBeyond(priority)) this.#heldBeyond += permits;
  }
}
