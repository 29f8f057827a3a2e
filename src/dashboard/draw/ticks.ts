export interface Tick {
  readonly agoMs: number;
  readonly text: string;
}

const STEPS_MS: readonly number[] = [5_000, 10_000, 15_000, 30_000, 60_000, 120_000];
const MOST = 6;

/** The marks below a timeline of that span, from now backwards. */
export function ticksOf(spanMs: number): readonly Tick[] {
  const step = STEPS_MS.find((each) => spanMs / each <= MOST) ?? STEPS_MS.at(-1)!;
  const ticks: Tick[] = [];
  for (let agoMs = 0; agoMs <= spanMs; agoMs += step)
    ticks.push({ agoMs, text: agoMs === 0 ? "now" : textOf(agoMs, step) });
  return ticks;
}

function textOf(agoMs: number, step: number): string {
  return step >= 60_000 || agoMs % 60_000 === 0 ? `−${agoMs / 60_000} min` : `−${agoMs / 1_000} s`;
}
