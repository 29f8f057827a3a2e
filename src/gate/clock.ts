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
