/**
 * Milliseconds of the machine's monotonic clock, which is one for all processes: a moment noted in one can be compared in
 * another. `performance.timeOrigin` would not do: it is read off the wall clock, which is set and slewed between two starts.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A timer comes up to a millisecond late, and sometimes one early. */
const TIMER_SLACK_MS = 1.5;

/**
 * Calls back at `moment` to some microseconds: a timer for most of the way, and for the rest the event loop, which goes on
 * serving sockets meanwhile. A plain timer's delay would count as waiting.
 */
export function at(moment: number, callback: () => void): void {
  const left = moment - now();
  if (left <= 0) callback();
  else if (left > TIMER_SLACK_MS) setTimeout(() => at(moment, callback), Math.floor(left - TIMER_SLACK_MS));
  else setImmediate(() => at(moment, callback));
}

export function until(moment: number): Promise<void> {
  return new Promise((resolve) => {
    at(moment, resolve);
  });
}
