import { setTimeout as pause } from "node:timers/promises";
import type { Answers } from "./answers.ts";
import { arrivalsOf } from "./draws.ts";
import { Lane } from "./lane.ts";
import { Place, WAYS } from "./place.ts";
import { randomNumbers } from "./random.ts";
import { wayResult, type ScenarioResult, type WayResult } from "./results.ts";
import { runWay, type Load } from "./run-way.ts";
import type { Target } from "./target.ts";
import { backgroundAlone, meanServiceMs, personAlone, speedsOf, type Alone, type Speeds } from "./warm-up.ts";
import { BACKGROUNDS, PEOPLE, type BackgroundName, type PeopleName } from "./workloads.ts";

export interface Scenario {
  readonly people: PeopleName;
  readonly background: BackgroundName;
}

/** What is measured. Times in milliseconds. */
export interface Plan {
  readonly scenarios: readonly Scenario[];
  /** How long people come, on each way. */
  readonly forMs: number;
  /** Of the server's time, what people take. */
  readonly share: number;
  readonly clients: number;
  readonly contextTokens: number;
}

/** Whoever shows what goes on. */
export interface Watcher {
  warmingUp(scenario: Scenario): void;
  /** A way is about to be measured; the lane tells what happens on it. */
  measuring(scenario: Scenario, lane: Lane, load: Load): void;
  measured(scenario: Scenario, result: WayResult): void;
}

const SEED = 11_400;
/** However fast the server: people do not come more often, or this process would be what is measured. */
const LEAST_GAP_MS = 20;
/** The background's line stands before the first person comes. */
const SETTLE = 0.05;
const MOST_SETTLE_MS = 5_000;
const MOST_ALONE_MS = 60_000;
/** A server's figure is never of this moment: who is seen once may have just left. And some disturb themselves by telling. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Measures every scenario on every way, one after the other: they have one server. What was measured before `signal` aborts is kept.
 *
 * @throws {NoAnswer} when the server does not answer.
 */
export async function measureScenarios(
  target: Target,
  { plan, answers, watcher }: { readonly plan: Plan; readonly answers: Answers; readonly watcher: Watcher },
  signal: AbortSignal,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  let speeds: Speeds | undefined;
  const warmUp = async (load: Omit<Load, "arrivals">): Promise<Alone> => {
    // Some servers refuse a second request; nobody meets that behind a gate.
    await using place = await Place.open("headgate", target);
    speeds ??= await speedsOf(place, signal);
    return {
      firstTokenMs: await personAlone(place, load, signal),
      serviceMs: meanServiceMs(load.people, speeds, load.contextTokens),
      backgroundTokensPerSecond: await backgroundAlone(place, load, Math.min(MOST_ALONE_MS, load.forMs / 4), signal),
    };
  };
  for (const scenario of plan.scenarios) {
    watcher.warmingUp(scenario);
    const people = PEOPLE[scenario.people];
    const background = BACKGROUNDS[scenario.background];
    const { clients, contextTokens, forMs, share } = plan;
    const common = {
      people,
      background,
      clients,
      contextTokens,
      forMs,
      settleMs: Math.min(MOST_SETTLE_MS, forMs * SETTLE),
    };
    const alone = await warmUp(common).catch(unlessInterrupted(signal));
    if (alone === undefined) break;
    const arrivals = peopleArrivals(alone.serviceMs / share, forMs);
    const ways: WayResult[] = [];
    results.push({ ...scenario, backgroundClients: clients, share, forMs, alone, ways });
    for (const way of WAYS) {
      if (signal.aborted) break;
      const lane = new Lane(way);
      // As long as the longest before: their backgrounds can be compared.
      const load = { ...common, arrivals, forMs: Math.max(forMs, ...ways.map(({ tookMs }) => tookMs)) };
      watcher.measuring(scenario, lane, load);
      const result = await measureWay(target, { lane, load, answers, alone }, signal);
      ways.push(result);
      watcher.measured(scenario, result);
    }
    if (signal.aborted) break;
  }
  return results;
}

/** When people come, one at least: the same moments in every run and on every way. */
export function peopleArrivals(meanGapMs: number, forMs: number): number[] {
  const arrivals = arrivalsOf(randomNumbers(SEED), Math.max(LEAST_GAP_MS, meanGapMs), forMs);
  return arrivals.length === 0 ? [forMs / 2] : arrivals;
}

interface Measuring {
  readonly lane: Lane;
  readonly load: Load;
  readonly answers: Answers;
  readonly alone: Alone;
}

async function measureWay(
  target: Target,
  { lane, load, answers, alone }: Measuring,
  signal: AbortSignal,
): Promise<WayResult> {
  await using place = await Place.open(lane.way, target);
  lane.others = await othersAt(target);
  await runWay(place, load, lane, signal);
  return wayResult(lane, {
    parks: await place.parks(),
    answers: await answers.check(place, lane.told, { people: load.people, background: load.background }),
    aloneTokensPerSecond: alone.backgroundTokensPerSecond,
    complete: !signal.aborted,
  });
}

/** Whether others use the server while none of this program's requests is there; `null` when it does not tell. */
export async function othersAt(target: Target): Promise<boolean | null> {
  const load = await target.load();
  if (load === undefined) return null;
  if (load === 0) return false;
  await pause(LOOK_AGAIN_MS);
  return ((await target.load()) ?? 0) > 0;
}

/** An interruption is no failure. */
function unlessInterrupted(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
