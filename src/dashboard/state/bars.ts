import type { EndedView } from "../../gateway/control/long-status.ts";
import type { RequestView } from "../../gateway/control/status-view.ts";
import type { Crowd } from "./crowd.ts";

/** What a stretch of a bar shows. */
export type BarPhase = "waiting" | "sent" | "answering" | "held" | "parked";

export interface Stretch {
  readonly phase: BarPhase;
  readonly from: number;
  /** `undefined` while it lasts. */
  readonly to: number | undefined;
}

/** One request in the timeline. */
export interface Bar {
  readonly request: RequestView | EndedView;
  readonly stretches: readonly Stretch[];
  /** How it ended, if it did, and not well. */
  readonly failed: string | undefined;
}

/** Spans of time that the timeline can show. */
export const SPANS_MS: readonly number[] = [15_000, 30_000, 60_000, 120_000, 300_000, 600_000];
/** So much of it is for those who wait still. */
const SHARE_WAITING = 0.3;

/**
 * The bars of the timeline, from the top: who ran, in the order in which they got their permits, then who waits, the next first. Of
 * more than `most` the oldest that ran and the last that wait are left out.
 */
export function barsOf({ running, waiters, ended }: Crowd, most: number): readonly Bar[] {
  const ran = [...ended.slice(0, most).map(endedBar), ...running.map(liveBar)];
  ran.sort((a, b) => startOf(a) - startOf(b));
  const forWaiting = Math.max(Math.floor(most * SHARE_WAITING), most - ran.length);
  const waiting = waiters.slice(0, forWaiting).map(({ request }) => liveBar(request));
  const parked = waiting.filter((bar) => bar.request.state === "parked");
  const others = waiting.filter((bar) => bar.request.state !== "parked");
  return [...ran.slice(-(most - waiting.length)), ...parked, ...others];
}

/** The shortest span that shows most of what ran, from its first permit on; how long the others waited is in the tables. */
export function fittingSpan(bars: readonly Bar[], now: number): number {
  const ran = bars.filter(({ stretches }) => stretches.some(({ phase }) => phase !== "waiting"));
  const ages = (ran.length > 0 ? ran : bars).map((bar) => now - startOf(bar)).sort((a, b) => a - b);
  const most = ages[Math.floor(ages.length * 0.9)] ?? 0;
  return SPANS_MS.find((span) => span >= most * 1.1) ?? SPANS_MS.at(-1)!;
}

/** When it first had a permit, or ended, or came. */
function startOf({ request, stretches }: Bar): number {
  const run = stretches.find(({ phase }) => phase !== "waiting");
  return run?.from ?? ("endedAt" in request ? request.endedAt : request.arrivedAt);
}

function liveBar(request: RequestView): Bar {
  return { request, stretches: stretchesOf(request, undefined), failed: undefined };
}

function endedBar(request: EndedView): Bar {
  const { outcome, endedAt } = request;
  return {
    request,
    stretches: stretchesOf(request, endedAt),
    failed: outcome === "finished" ? undefined : outcome,
  };
}

function stretchesOf(request: RequestView, end: number | undefined): readonly Stretch[] {
  const { phases = [], arrivedAt, grantedAt } = request;
  const known = phases.length > 0 ? phases : [[grantedAt === undefined ? "waiting" : "held", arrivedAt] as const];
  return known.map(([phase, from], index) => ({ phase, from, to: known[index + 1]?.[1] ?? end }));
}
