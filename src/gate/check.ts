/**
 * @throws {TypeError | RangeError} unless `fits`, naming the option, its value and what was expected: a RangeError for a
 *   number, a TypeError for everything else and for NaN.
 */
export function check(fits: boolean, option: string, value: unknown, expected: string): void {
  if (fits) return;
  const Mistake = typeof value !== "number" || Number.isNaN(value) ? TypeError : RangeError;
  throw new Mistake(`${option} must be ${expected}; got ${String(value)} (${typeof value})`);
}
