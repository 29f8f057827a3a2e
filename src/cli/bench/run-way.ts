import { setTimeout as pause } from "node:timers/promises";
import { ask, NoAnswer } from "./ask.ts";
import { Background } from "./background.ts";
import type { Lane, Person } from "./lane.ts";
import type { Place } from "./place.ts";
import { questionOf, type Workload } from "./workloads.ts";

/** What comes to every way alike. Times in milliseconds. */
export interface Load {
  readonly people: Workload;
  readonly background: Workload;
  /** When people come, from the beginning. */
  readonly arrivals: readonly number[];
  /** How long it goes on at least; in any case until everybody was answered. */
  readonly forMs: number;
  /** How long the background runs before. */
  readonly settleMs: number;
  /** Clients of the background. */
  readonly clients: number;
  readonly contextTokens: number;
  /** What to wait for once everybody was answered, while the background goes on. */
  readonly untilAlso?: () => Promise<unknown>;
}

const now = (): number => performance.now();

/**
 * Lets background and people come to one place until everybody who came was answered, or `signal` aborts. Nothing is asked of the
 * server any more when this resolves; what cannot be hung up without harm was waited for.
 * Refusals are noted in the lane: some servers refuse whom they cannot serve at once.
 */
export async function runWay(place: Place, load: Load, lane: Lane, signal: AbortSignal): Promise<void> {
  const { background: workload, clients, contextTokens, forMs, settleMs } = load;
  const background = new Background(
    place,
    { workload, clients, contextTokens, maxFailures: Infinity },
    {
      tokens: (count) => lane.heardBackground(count, now()),
      answered: (number, text) => lane.told.push({ by: "background", number, text }),
      failed: (why) => lane.failures.push(why),
    },
  );
  const stop = AbortSignal.any([signal, whenOver(background.done)]);
  await until(now() + settleMs, stop);
  lane.begin(now());
  await peopleCome(place, load, lane, stop);
  await until(lane.beganAt + forMs, stop);
  if (!stop.aborted) await load.untilAlso?.();
  lane.end(now());
  await background.stop();
}

/** Each at its moment, whether the one before has its answer or not; turns of one conversation wait for the one before. */
async function peopleCome(place: Place, load: Load, lane: Lane, stop: AbortSignal): Promise<void> {
  const asked: Promise<void>[] = [];
  for (const [number, arrival] of load.arrivals.entries()) {
    if (load.people.inTurns) await asked.at(-1);
    await until(lane.beganAt + arrival, stop);
    if (stop.aborted) break;
    const person: Person = { number, askedAt: now() };
    lane.people.push(person);
    asked.push(askAsPerson(place, load, { lane, person }, stop));
  }
  await Promise.all(asked);
}

async function askAsPerson(
  place: Place,
  { people, contextTokens }: Load,
  { lane, person }: { readonly lane: Lane; readonly person: Person },
  stop: AbortSignal,
): Promise<void> {
  const question = questionOf(people, person.number, contextTokens);
  const signal = place.target.engine.mayAbort({ streaming: true }) ? stop : undefined;
  const onTokens = (): void => lane.heardBy(person, now());
  try {
    const text = await ask(place.call(question, true), { onTokens, signal });
    person.endedAt = now();
    lane.told.push({ by: "people", number: person.number, text });
  } catch (error) {
    if (stop.aborted) return;
    if (!(error instanceof NoAnswer)) throw error;
    person.endedAt = now();
    lane.failures.push(error.message);
  }
}

/** Until a moment of the process's clock, or until `stop` aborts. */
async function until(moment: number, stop: AbortSignal): Promise<void> {
  const ms = moment - now();
  if (ms > 0 && !stop.aborted) await pause(ms, undefined, { signal: stop }).catch(() => {});
}

/** Aborts when the background ends before anybody stopped it: the server refuses. */
function whenOver(done: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  done.catch(() => controller.abort());
  return controller.signal;
}
