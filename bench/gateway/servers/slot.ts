import { at, now } from "../clock.ts";

/** One job in the slot of the model server. Moments of the common clock, milliseconds. */
export interface Served {
  readonly name: string;
  /** When its request had come in. */
  readonly arrivedAt: number;
  readonly startedAt: number;
  /** Before the first byte of its answer. */
  readonly endedAt: number;
}

interface Job {
  readonly name: string;
  readonly arrivedAt: number;
  /** `undefined`: until it is let go. */
  readonly serviceMs: number | undefined;
  readonly answer: () => void;
}

/** A model server that works on one request at a time, first come first served, as they all do. */
export class Slot {
  log: Served[] = [];
  readonly #line: Job[] = [];
  #busy = false;
  #letGo: (() => void) | undefined;

  enter(name: string, serviceMs: number | undefined, answer: () => void): void {
    this.#line.push({ name, serviceMs, answer, arrivedAt: now() });
    if (!this.#busy) this.#next();
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Ends the job that is kept. */
  letGo(): void {
    this.#letGo?.();
  }

  #next(): void {
    const job = this.#line.shift();
    this.#busy = job !== undefined;
    if (job === undefined) return;
    const startedAt = now();
    const end = (): void => {
      this.log.push({ name: job.name, arrivedAt: job.arrivedAt, startedAt, endedAt: now() });
      job.answer();
      this.#next();
    };
    if (job.serviceMs === undefined) this.#letGo = end;
    else at(startedAt + job.serviceMs, end);
  }
}
