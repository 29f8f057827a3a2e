import { check } from "./check.ts";

/**
 * The two priorities everybody needs. **Smaller is sooner**; any finite number between or beyond them is a priority too.
 *
 * @example
 * await gate.acquire({ priority: Priority.FOREGROUND });
 * await gate.acquire({ priority: 50 }); // an agent: after people, before pipelines
 */
export const Priority: {
  /** A person waits for the answer. */
  readonly FOREGROUND: 0;
  /** A pipeline: runs in every moment the foreground leaves idle. */
  readonly BACKGROUND: 100;
} = Object.freeze({ FOREGROUND: 0, BACKGROUND: 100 });
export type Priority = number;

/** Who says nothing is background, so that nobody tramples on the foreground by omission. */
export const DEFAULT_PRIORITY: Priority = Priority.BACKGROUND;

/** Under aging a priority is turned into time; beyond this the sum with a clock reading would lose milliseconds. */
const MAX_AGED_PRIORITY = 1e6;

/**
 * Returns `value` as a priority, with -0 made 0 so that equal priorities compare equal.
 *
 * @throws {TypeError} when it is not a number, or NaN, which no order can hold.
 * @throws {RangeError} when it is infinite, or beyond ±1e6 on a gate with aging.
 */
export function checkPriority(value: unknown, aged: boolean, option = "priority"): Priority {
  const usable = Number.isFinite(value) && (!aged || Math.abs(value as number) <= MAX_AGED_PRIORITY);
  check(
    usable,
    option,
    value,
    `a finite number such as Priority.FOREGROUND (within ±${MAX_AGED_PRIORITY} with agingMs)`,
  );
  return (value as number) + 0;
}
