import type { AbortSignalLike } from "./abort.ts";
import { check } from "./check.ts";
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

/** A place in line, other than the end. */
export interface PlaceInLine {
  /** The number by which equals are ordered: an earlier call's id, or one between two ids ("12.5"). */
  readonly id: string;
  /** When the waiting begins to count, in milliseconds by the gate's clock; with aging it orders before the id does. */
  readonly arrivedAt: number;
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
  /**
   * Where to stand among equals, instead of last: where an earlier call stood, for a caller who had lost patience and asks again; or
   * right behind another call, for calls that had better follow each other. It becomes the call's id, so no two calls at a time may
   * have the same. `timeoutMs` counts from now.
   */
  readonly place?: PlaceInLine | undefined;
}

export interface ResolvedGateOptions {
  readonly capacity: number;
  readonly reserved: Reserved | undefined;
  readonly maxWaiting: number;
  readonly starvationWarnMs: number;
  /** Milliseconds of precedence per unit of priority; 0 without aging. */
  readonly msPerPriority: number;
  readonly defaultPriority: Priority | (() => Priority);
  readonly clock: Clock;
  readonly name: string;
}

/** @throws {TypeError | RangeError} naming the option and its value. */
export function resolveGateOptions({
  capacity = 1,
  reserved,
  maxWaiting = Infinity,
  starvationWarnMs = 300_000,
  agingMs,
  defaultPriority = DEFAULT_PRIORITY,
  clock = systemClock,
  name = "gate",
}: GateOptions): ResolvedGateOptions {
  const aged = agingMs !== undefined;
  if (aged) check(Number.isFinite(agingMs) && agingMs > 0, "agingMs", agingMs, "a finite number above 0");
  const isDuration = typeof starvationWarnMs === "number" && starvationWarnMs > 0;
  check(isDuration, "starvationWarnMs", starvationWarnMs, "a number above 0");
  return {
    capacity: checkCount("capacity", capacity),
    reserved: reserved && {
      permits: checkCount("reserved.permits", reserved.permits),
      priority: checkPriority(reserved.priority, aged, "reserved.priority"),
    },
    maxWaiting: checkCount("maxWaiting", maxWaiting),
    starvationWarnMs,
    msPerPriority: aged ? agingMs / 100 : 0,
    defaultPriority:
      typeof defaultPriority === "function" ? defaultPriority : checkPriority(defaultPriority, aged, "defaultPriority"),
    clock,
    name,
  };
}

/** @throws {TypeError | RangeError} when `timeoutMs`, `signal` or `place` is unusable. */
export function checkWaitOptions({
  signal,
  timeoutMs = 0,
  place,
}: {
  signal?: AbortSignalLike | null | undefined;
  timeoutMs?: number | undefined;
  place?: PlaceInLine | undefined;
} = {}): void {
  check(typeof timeoutMs === "number" && timeoutMs >= 0, "timeoutMs", timeoutMs, "a number from 0");
  if (place) check(+place.id + place.arrivedAt < Infinity, "place", place, "an id and a time");
  if (signal !== undefined) {
    const fits = typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function";
    check(fits, "signal", signal, "an AbortSignal");
  }
}

/** A whole number from 0, or Infinity. */
export function checkCount(option: string, value: number): number {
  check(
    value === Infinity || (Number.isInteger(value) && value >= 0),
    option,
    value,
    "a whole number from 0, or Infinity",
  );
  return value;
}
