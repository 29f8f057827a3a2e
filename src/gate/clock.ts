/**
 * Where a gate takes its time from. Inject a fake one in tests; the default is the platform's monotonic clock.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin, with fractions. A step backwards is ignored by the gate. */
  now(): number;
  /**
   * Calls `callback` once, after `delayMs` (0 to 2^31 - 1). Returns a function that calls it off; calling that late is harmless.
   * With `keepAlive` false the pending call must not keep the process running.
   */
  after(delayMs: number, callback: () => void, keepAlive: boolean): () => void;
}

// The core compiles without Node's or a browser's types, so it names the little it takes from the platform.
declare const performance: { now(): number };
declare const setTimeout: (callback: () => void, delayMs: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** Looked up once: on Node the global is a getter, which costs a fifth of a reading. */
const platformPerformance = performance;

/** The platform's own clock and timers (Node, Deno, Bun, browsers, workers). */
export const systemClock: Clock = {
  now: () => platformPerformance.now(),
  after(delayMs, callback, keepAlive) {
    const timer = setTimeout(callback, delayMs);
    if (!keepAlive) (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};

/** Longer timers fire at once on every platform (a signed 32-bit count of milliseconds). */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** One re-armable timer. Every gate has two: one for deadlines, one for its watch. */
export class Alarm {
  readonly #clock: Clock;
  readonly #keepAlive: boolean;
  readonly #ring: () => void;
  #at = Infinity;
  #callOff: (() => void) | null = null;

  constructor(clock: Clock, keepAlive: boolean, ring: () => void) {
    this.#clock = clock;
    this.#keepAlive = keepAlive;
    this.#ring = ring;
  }

  get armed(): boolean {
    return this.#callOff !== null;
  }

  /** Rings once the clock reads `at`; an earlier appointment stands, a later one is moved forward. */
  setAtMost(at: number, now: number): void {
    if (at >= this.#at) return;
    this.clear();
    if (at === Infinity) return;
    this.#at = at;
    // Rounded up: a timer that fires a fraction early would find nothing due and spin.
    const delayMs = Math.min(Math.max(0, Math.ceil(at - now)), MAX_DELAY_MS);
    this.#callOff = this.#clock.after(delayMs, () => this.#fire(), this.#keepAlive);
  }

  clear(): void {
    this.#callOff?.();
    this.#callOff = null;
    this.#at = Infinity;
  }

  #fire(): void {
    const at = this.#at;
    this.#callOff = null;
    this.#at = Infinity;
    const now = this.#clock.now();
    if (now < at) this.setAtMost(at, now);
    else this.#ring();
  }
}
