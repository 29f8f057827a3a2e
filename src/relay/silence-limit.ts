import type { Clock } from "../gate/index.ts";

/**
 * Calls `onSilence` once, when nothing was heard for `limitMs`. Hearing something costs a look at the clock and no new timer. The
 * timer keeps no process alive.
 */
export class SilenceLimit {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onSilence: () => void;
  #heardAt: number;
  #callOff: () => void;

  constructor(clock: Clock, limitMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
    this.#heardAt = clock.now();
    this.#callOff = this.#lookAfter(limitMs);
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  /** A second call changes nothing. */
  end(): void {
    this.#callOff();
  }

  #lookAfter(delayMs: number): () => void {
    return this.#clock.after(
      delayMs,
      () => {
        const leftMs = this.#limitMs - (this.#clock.now() - this.#heardAt);
        if (leftMs > 0) this.#callOff = this.#lookAfter(leftMs);
        else this.#onSilence();
      },
      false,
    );
  }
}
