import { quantile } from "../../src/cli/bench/statistics.ts";
import { now, until } from "../gateway/clock.ts";
import { ask } from "./ask.ts";
import { Background, type Told } from "./background.ts";
import { question } from "./chat.ts";
import { BACKGROUND_CLIENTS } from "./plan.ts";
import type { Place } from "./place.ts";
import type { FirstToken } from "./results.ts";

/** What was seen at one place. */
export interface Seen {
  readonly place: Place;
  readonly firstMs: readonly number[];
  /** From the first moment at which people could come to the last answer, and no less than they come for. */
  readonly tookMs: number;
  /** What the background got in that time. */
  readonly tokens: number;
  readonly told: readonly Told[];
}

export interface Coming {
  readonly arrivals: readonly number[];
  readonly forMs: number;
  readonly settleMs: number;
}

/** How long a person's request takes that has the slot to itself: `times` of them, the first of which does not count. */
export async function loneMs({ running, server: { topic } }: Place, times: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    // Numbers that no arrival has.
    const { totalMs } = await ask(running.port, question("foreground", 9000 + n, topic));
    took.push(totalMs);
  }
  return took.slice(1);
}

/** Each of the foreground comes at its moment, whether the one before has its answer or not. */
export async function see(place: Place, { arrivals, forMs, settleMs }: Coming): Promise<Seen> {
  const { running, server, way } = place;
  const background = new Background(place, way.background ? BACKGROUND_CLIENTS : 0);
  const beginning = now() + settleMs;
  await until(beginning);
  const before = background.tokens;
  const answers = await Promise.all(
    arrivals.map(async (arrival, number) => {
      const asked = question("foreground", number, server.topic);
      await until(beginning + arrival);
      return ask(running.port, asked);
    }),
  );
  await until(beginning + forMs);
  const tookMs = now() - beginning;
  const tokens = background.tokens - before;
  await background.stop();
  return { place, firstMs: answers.map(({ firstMs }) => firstMs), tookMs, tokens, told: background.told };
}

/** `null` where nobody came. */
export function firstTokenOf(firstMs: readonly number[]): FirstToken | null {
  if (firstMs.length === 0) return null;
  return { p50Ms: quantile(firstMs, 0.5), p95Ms: quantile(firstMs, 0.95), p99Ms: quantile(firstMs, 0.99) };
}

/**
 * What the background got over what it could have got in the time that the foreground left it: its speed alone, times one less the
 * foreground's share of the slot. The share is that of the requests that came, not of those that were to come on average.
 */
export function keptOf(
  { requests, tokens, tookMs }: { readonly requests: number; readonly tokens: number; readonly tookMs: number },
  { alonePerSecond, serviceMs }: { readonly alonePerSecond: number; readonly serviceMs: number },
): number {
  const leftMs = tookMs - requests * serviceMs;
  return tokens / ((alonePerSecond * leftMs) / 1000);
}
