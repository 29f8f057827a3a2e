import type { Clock } from "../gate/index.ts";

export interface AbortWatchdogOptions {
  readonly clock: Clock;
  /** So long after an abort the next request must have heard from the server. */
  readonly withinMs: number;
  /** Called once, when the server did not free its slot in time. */
  readonly onStuck: (waitedMs: number) => void;
  /** Called with the time from an abort to the first sign of life of the next request. */
  readonly onFreed: (afterMs: number) => void;
}

/**
 * Watches whether a model server frees its slot when a request is aborted. Asking the server itself would keep it from noticing
 * the abort (llama-server's timers), so its next answer tells: the first byte that comes after an abort.
 */
export class AbortWatchdog {
  /** Whether aborts were found to have no effect: nobody should be asked to step aside any more. */
  stuck = false;
  readonly #options: AbortWatchdogOptions;
  #abortedAt: number | undefined;
  #callOff: (() => void) | undefined;

  constructor(options: AbortWatchdogOptions) {
    this.#options = options;
  }

  /** A running request was aborted. */
  aborted(): void {
    this.#abortedAt = this.#options.clock.now();
  }

  /** A request was sent. */
  sent(): void {
    if (this.#abortedAt === undefined || this.#callOff !== undefined || this.stuck) return;
    const { clock, withinMs } = this.#options;
    this.#callOff = clock.after(withinMs, () => this.#late(), false);
  }

  /** A request heard from the server. */
  heard(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#abortedAt === undefined) return;
    this.#options.onFreed(this.#options.clock.now() - this.#abortedAt);
    this.#abortedAt = undefined;
  }

  /** Nothing is on its way any more. */
  close(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#abortedAt = undefined;
  }

  #late(): void {
    this.#callOff = undefined;
    if (this.#abortedAt === undefined) return;
    this.stuck = true;
    this.#options.onStuck(this.#options.clock.now() - this.#abortedAt);
  }
}
