const FIRST_MS = 1_000;
const MOST_MS = 60_000;
/** What a server may ask for with `Retry-After`. */
const MOST_ASKED_MS = 600_000;

/**
 * How long to wait after so many failures in a row, the first being 1: twice as long each time, from about 1 s to at most a minute, and
 * never two the same, so that what failed together does not come back together. A longer `askedMs` is kept to.
 */
export function backoffMs(failures: number, askedMs: number = 0): number {
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.max(longest * (0.5 + Math.random() / 2), Math.min(askedMs, MOST_ASKED_MS));
}
