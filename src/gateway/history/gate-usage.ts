import type { Clock, Gate } from "../../gate/index.ts";

/** One bar of the picture. */
const STEP_MS = 5_000;
/** Ten minutes. */
const STEPS = 120;

/** How a gate's permits were used. Each array tells of equal spans of time, the oldest first, in permits on average. */
export interface Usage {
  readonly stepMs: number;
  /** Where the last span ends, by the gate's clock. */
  readonly until: number;
  readonly foreground: readonly number[];
  readonly background: readonly number[];
  readonly capacity: readonly number[];
}

interface Level {
  foreground: number;
  background: number;
  capacity: number;
}

const NONE: Level = { foreground: 0, background: 0, capacity: 0 };

/**
 * How the permits of one gate were used in the last minutes. It costs a few additions when something changes, and no timer: whoever
 * asks brings it up to date.
 */
export class GateUsage {
  readonly #gate: Gate;
  readonly #clock: Pick<Clock, "now">;
  readonly #full: Level[] = [];
  /** Permit-milliseconds of the span under way. */
  #sum: Level = { ...NONE };
  /** What holds since {@link #countedTo}. */
  #level: Level;
  #countedTo: number;
  #stepEnd: number;

  constructor(gate: Gate, clock: Pick<Clock, "now">) {
    this.#gate = gate;
    this.#clock = clock;
    this.#countedTo = clock.now();
    this.#stepEnd = this.#countedTo + STEP_MS;
    this.#level = this.#now();
    for (const name of ["dispatch", "release", "park", "state"] as const) gate.on(name, () => this.#changed());
  }

  /** The whole spans so far. The same object until another one is over. */
  get usage(): Usage {
    this.#count(this.#clock.now());
    this.#told ??= {
      stepMs: STEP_MS,
      until: this.#stepEnd - STEP_MS,
      foreground: this.#full.map(({ foreground }) => foreground),
      background: this.#full.map(({ background }) => background),
      capacity: this.#full.map(({ capacity }) => capacity),
    };
    return this.#told;
  }

  #told: Usage | undefined;

  #changed(): void {
    this.#count(this.#clock.now());
    this.#level = this.#now();
  }

  #now(): Level {
    const { held, heldWithin, capacity } = this.#gate;
    return { foreground: heldWithin, background: held - heldWithin, capacity };
  }

  #count(now: number): void {
    // A gate that slept through the whole picture need not be counted span by span.
    if (now - this.#stepEnd > STEPS * STEP_MS) this.#skipTo(now - STEPS * STEP_MS);
    while (now >= this.#stepEnd) {
      this.#add(this.#stepEnd);
      this.#full.push(average(this.#sum));
      if (this.#full.length > STEPS) this.#full.shift();
      this.#sum = { ...NONE };
      this.#stepEnd += STEP_MS;
      this.#told = undefined;
    }
    this.#add(now);
  }

  #skipTo(time: number): void {
    const steps = Math.floor((time - this.#stepEnd) / STEP_MS);
    this.#stepEnd += steps * STEP_MS;
    this.#countedTo = this.#stepEnd - STEP_MS;
    this.#sum = { ...NONE };
  }

  #add(until: number): void {
    const ms = until - this.#countedTo;
    this.#countedTo = until;
    this.#sum.foreground += this.#level.foreground * ms;
    this.#sum.background += this.#level.background * ms;
    this.#sum.capacity += this.#level.capacity * ms;
  }
}

function average({ foreground, background, capacity }: Level): Level {
  return { foreground: share(foreground), background: share(background), capacity: share(capacity) };
}

/** In hundredths: more digits are only more bytes. */
function share(sum: number): number {
  return Math.round((sum / STEP_MS) * 100) / 100;
}
