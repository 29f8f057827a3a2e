/** What a client is told to wait at least and at most: beyond a minute some clients give up instead. */
const MIN_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 60;
/** Before anything is known, and while nothing runs: long enough that nobody is asked over and over. */
const UNKNOWN_RETRY_SECONDS = 5;
/** The share of the newest measurement in the mean: follows a change of model within some ten requests. */
const NEWEST_SHARE = 0.2;

/** How long requests hold a permit of one gate, from experience: the base of every estimate that a client is told. */
export class ServiceTimes {
  #meanMs: number | undefined;

  record(heldMs: number): void {
    this.#meanMs = this.#meanMs === undefined ? heldMs : this.#meanMs + NEWEST_SHARE * (heldMs - this.#meanMs);
  }

  /** Milliseconds until the waiter at `position` (1 is next) gets a permit; `undefined` before the first request ended. */
  etaMs(position: number, capacity: number): number | undefined {
    if (this.#meanMs === undefined || capacity === 0) return undefined;
    return (this.#meanMs * position) / capacity;
  }

  /** Whole seconds for a `Retry-After`: when a newcomer behind `waiting` others could hope to run. */
  retryAfterSeconds(waiting: number, capacity: number): number {
    const etaMs = this.etaMs(waiting + 1, capacity);
    if (etaMs === undefined) return UNKNOWN_RETRY_SECONDS;
    return Math.min(Math.max(Math.ceil(etaMs / 1000), MIN_RETRY_SECONDS), MAX_RETRY_SECONDS);
  }
}
