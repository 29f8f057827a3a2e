import type { Clock } from "../../src/gate/index.ts";

interface Appointment {
  readonly at: number;
  readonly callback: () => void;
  readonly keepAlive: boolean;
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  readonly #pending = new Set<Appointment>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void, keepAlive: boolean): () => void {
    if (!(delayMs >= 0 && delayMs < 2 ** 31)) throw new RangeError(`a timer cannot run for ${delayMs} ms`);
    const appointment: Appointment = { at: this.#now + delayMs, callback, keepAlive };
    this.#pending.add(appointment);
    return () => this.#pending.delete(appointment);
  }

  /** How many calls are due some time, and how many of them would keep a process alive. */
  get pending(): { readonly all: number; readonly keepAlive: number } {
    const keepAlive = [...this.#pending].filter((appointment) => appointment.keepAlive).length;
    return { all: this.#pending.size, keepAlive };
  }

  /** Moves on, and calls what falls due on the way, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#pending].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }

  /** Moves on at once, and only then calls what fell due: as after a pause of the whole process. Backwards if negative. */
  jump(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
