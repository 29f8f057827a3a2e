/** A request that wants a slot. */
export interface Seat {
  /** Smaller goes first, equal ones in the order they came. Most engines know no priority: then it is the same for all. */
  readonly order: number;
  /** Called once, in the same turn in which a slot is free. */
  granted(slot: number): void;
}

/** An engine's parallel slots, and the line of those who wait for one. */
export class Slots {
  readonly capacity: number;
  readonly #free: number[] = [];
  readonly #line: Seat[] = [];
  /** For an engine without a bound: the next number. */
  #next = 0;
  #leaked = 0;
  #busy = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** How many are taken, leaked ones included. */
  get busy(): number {
    return this.#busy + this.#leaked;
  }

  get waiting(): number {
    return this.#line.length;
  }

  get leaked(): number {
    return this.#leaked;
  }

  enter(seat: Seat): void {
    if (this.busy < this.capacity) {
      this.#grant(seat);
      return;
    }
    const at = this.#line.findIndex((other) => other.order > seat.order);
    if (at < 0) this.#line.push(seat);
    else this.#line.splice(at, 0, seat);
  }

  /** Takes a seat out of the line; false if it is not in it. */
  withdraw(seat: Seat): boolean {
    const at = this.#line.indexOf(seat);
    if (at >= 0) this.#line.splice(at, 1);
    return at >= 0;
  }

  leave(slot: number): void {
    this.#busy -= 1;
    this.#free.push(slot);
    this.#serve();
  }

  /** The slot is never given back: a defect that some engines have. */
  leak(slot: number): void {
    this.#busy -= 1;
    this.#leaked += 1;
    this.#free.push(slot);
  }

  /** What a restart of the engine does to leaked slots. */
  repair(): void {
    this.#leaked = 0;
    this.#serve();
  }

  #serve(): void {
    while (this.busy < this.capacity) {
      const seat = this.#line.shift();
      if (seat === undefined) return;
      this.#grant(seat);
    }
  }

  #grant(seat: Seat): void {
    this.#busy += 1;
    seat.granted(this.#free.shift() ?? this.#next++);
  }
}
