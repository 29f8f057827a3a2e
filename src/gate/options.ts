import type { AbortSignalLike } from "./abort.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Reserved } from "./permits.ts";
import { checkPriority, DEFAULT_PRIORITY, type Priority } from "./priority.ts";

/** How a gate behaves. All optional; fixed for its life except `capacity`. */
export interface GateOptions {
  /** Permits that exist: a whole number, 0 (nothing runs until `resize`), or Infinity. @defaultValue 1 */
  readonly capacity?: number | undefined;
  /** Permits that only priorities up to `priority` may use: `{ permits: 1, priority: Priority.FOREGROUND }`. @defaultValue none */
  readonly reserved?: Reserved | undefined;
  /**
   * Waiters at most. At the bound a sooner newcomer displaces the last waiter; any other is rejected. @defaultValue Infinity
   */
  readonly maxWaiting?: number | undefined;
  /** A waiter that has waited this long raises a `starvation` event, once. Infinity switches it off. @defaultValue 300 000 */
  readonly starvationWarnMs?: number | undefined;
  /**
   * Bounds overtaking: a background waiter is overtaken only by foreground that came at most this after it. Everybody is
   * ordered by `arrival + agingMs * priority / 100`. Priorities must then lie within ±1e6. @defaultValue none: strict priority
   */
  readonly agingMs?: number | undefined;
  /** The priority of a call that gives none; a function is asked at each such call. @defaultValue 100, background */
  readonly defaultPriority?: Priority | (() => Priority) | undefined;
  /** @defaultValue the platform's monotonic clock */
  readonly clock?: Clock | undefined;
  /** For events, errors and logs. @defaultValue "gate" */
  readonly name?: string | undefined;
}

/** One call for a permit. */
export interface AcquireOptions {
  /** Smaller is sooner. @defaultValue the gate's `defaultPriority` */
  readonly priority?: Priority | undefined;
  /** Ends the wait; the call then rejects with `signal.reason` itself. */
  readonly signal?: AbortSignalLike | undefined;
  /** Milliseconds to wait at most; then the call rejects with code `queue_timeout`. Never bounds the time a permit is held. */
  readonly timeoutMs?: number | undefined;
  /** Offers to step aside for a sooner waiter when `permit.signal` asks. @defaultValue false */
  readonly preemptible?: boolean | undefined;
  /** For events, errors and logs: "classify report.pdf". */
  readonly label?: string | undefined;
  /** Called before `acquire` returns if the call has to wait, with the id that `cancel` and `reprioritise` take. */
  readonly onEnqueue?: ((id: string) => void) | undefined;
}

const DEFAULT_STARVATION_WARN_MS = 300_000;

export interface ResolvedGateOptions {
  readonly capacity: number;
  readonly reserved: Reserved | undefined;
  readonly maxWaiting: number;
  readonly starvationWarnMs: number;
  /** Milliseconds of precedence per unit of priority; 0 without aging. */
  readonly msPerPriority: number;
  readonly defaultPriority: () => Priority;
  readonly clock: Clock;
  readonly name: string;
}

/** @throws {TypeError | RangeError} naming the option and its value. */
export function resolveGateOptions(options: GateOptions): ResolvedGateOptions {
  const { agingMs, reserved, defaultPriority = DEFAULT_PRIORITY } = options;
  const aged = agingMs !== undefined;
  if (aged) checkNumber("agingMs", agingMs, { above: 0, finite: true });
  return {
    capacity: checkCount("capacity", options.capacity ?? 1),
    reserved: reserved && {
      permits: checkCount("reserved.permits", reserved.permits),
      priority: checkPriority(reserved.priority, aged, "reserved.priority"),
    },
    maxWaiting: checkCount("maxWaiting", options.maxWaiting ?? Infinity),
    starvationWarnMs: checkNumber("starvationWarnMs", options.starvationWarnMs ?? DEFAULT_STARVATION_WARN_MS, {
      above: 0,
    }),
    msPerPriority: aged ? agingMs / 100 : 0,
    defaultPriority: resolveDefaultPriority(defaultPriority, aged),
    clock: options.clock ?? systemClock,
    name: options.name ?? "gate",
  };
}

function resolveDefaultPriority(given: Priority | (() => Priority), aged: boolean): () => Priority {
  if (typeof given === "function") return () => checkPriority(given(), aged, "defaultPriority");
  const fixed = checkPriority(given, aged, "defaultPriority");
  return () => fixed;
}

/** @throws {TypeError | RangeError} when `timeoutMs` or `signal` is unusable. */
export function checkWaitOptions({ signal, timeoutMs }: { signal?: unknown; timeoutMs?: unknown }): void {
  if (timeoutMs !== undefined) checkNumber("timeoutMs", timeoutMs, { from: 0 });
  if (signal !== undefined && !isAbortSignalLike(signal)) {
    throw new TypeError(`signal must be an AbortSignal; got ${String(signal)}`);
  }
}

/** A whole number from 0, or Infinity. */
export function checkCount(option: string, value: unknown): number {
  const count = checkNumber(option, value, { from: 0 });
  if (!Number.isInteger(count) && count !== Infinity) {
    throw new RangeError(`${option} must be a whole number or Infinity; got ${count}`);
  }
  return count;
}

interface Bounds {
  readonly above?: number;
  readonly from?: number;
  readonly finite?: boolean;
}

function checkNumber(option: string, value: unknown, bounds: Bounds): number {
  const { above, from, finite } = bounds;
  const expected = above === undefined ? `a number from ${from}` : `a number above ${above}`;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new TypeError(`${option} must be ${expected}; got ${String(value)}`);
  }
  const inRange = (above === undefined || value > above) && (from === undefined || value >= from);
  if (!inRange || (finite === true && value === Infinity)) {
    throw new RangeError(`${option} must be ${finite ? "a finite number" : expected}; got ${value}`);
  }
  return value;
}

function isAbortSignalLike(value: unknown): value is AbortSignalLike {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as AbortSignalLike).aborted === "boolean" &&
    typeof (value as AbortSignalLike).addEventListener === "function"
  );
}
