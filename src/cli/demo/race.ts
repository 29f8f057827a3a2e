import { Lane } from "../bench/lane.ts";
import { openSimulated } from "../bench/open-target.ts";
import { Place, WAYS, WAY_TITLES } from "../bench/place.ts";
import { times } from "../bench/report-text.ts";
import { firstTokenOf } from "../bench/results.ts";
import { runWay, type Load } from "../bench/run-way.ts";
import { peopleArrivals } from "../bench/scenarios.ts";
import type { Parks } from "../bench/parks.ts";
import type { Target } from "../bench/target.ts";
import { meanServiceMs, speedsOf } from "../bench/warm-up.ts";
import { BACKGROUNDS, PEOPLE } from "../bench/workloads.ts";
import { SIMULATED } from "../bench/simulated-server.ts";
import { duration, table } from "../table.ts";
import { LanesView, type Screen } from "./view.ts";

/** About what a small Mac does. */
const TIMING = { prefillMsPerToken: 1, decodeMsPerToken: 20 };
/** Of the server's time, what people take. */
const SHARE = 0.25;
const CLIENTS = 3;
const SETTLE_MS = 800;
/** More cannot be told apart. */
const MOST_PEOPLE = 20;
const CONTEXT_TOKENS = 2_048;

/** How one way ended. */
interface Finish {
  readonly lane: Lane;
  readonly parks: Parks | undefined;
}

/**
 * The same people over the same background, on three ways at once: each has a simulated server of its own, so that they can be seen
 * side by side.
 */
export async function raceSimulated(screen: Screen, forMs: number, signal: AbortSignal): Promise<void> {
  const serviceMs = meanServiceMs(
    PEOPLE["short questions"],
    { prefill: TIMING.prefillMsPerToken, decode: TIMING.decodeMsPerToken },
    CONTEXT_TOKENS,
  );
  const load = loadOf(serviceMs, forMs);
  screen.write(intro("a simulated model server that does one thing at a time", load));
  const lanes = lanesOf(screen);
  await using servers = new AsyncDisposableStack();
  const places = await Promise.all(
    lanes.map(async ({ way }) => {
      const target = await openSimulated({ ...SIMULATED, timing: TIMING });
      servers.defer(async () => target.simulated?.close());
      return servers.use(await Place.open(way, target));
    }),
  );
  const finishes: Finish[] = [];
  const answered = lanes.map(() => Promise.withResolvers<void>());
  {
    using _ = new LanesView(screen, lanes, load.forMs);
    await Promise.all(
      places.map(async (place, index) => {
        // All go on until the last person was answered: their backgrounds can be compared.
        const untilAlso = (): Promise<unknown> => {
          answered[index]!.resolve();
          return Promise.race([Promise.all(answered.map(({ promise }) => promise)), whenAborted(signal)]);
        };
        await runWay(place, { ...load, untilAlso }, lanes[index]!, signal);
        finishes[index] = { lane: lanes[index]!, parks: await place.parks() };
      }),
    );
  }
  screen.write(ending(finishes));
}

/** The same on a real server, one way after the other. */
export async function raceAt(
  target: Target,
  { screen, forMs }: { readonly screen: Screen; readonly forMs: number },
  signal: AbortSignal,
): Promise<void> {
  const serviceMs = await serviceMsAt(target, signal);
  const load = loadOf(serviceMs, forMs);
  screen.write(intro(`${target.engine.title} at ${target.url.origin}`, load));
  const lanes = lanesOf(screen);
  const finishes: Finish[] = [];
  {
    using _ = new LanesView(screen, lanes, load.forMs);
    for (const lane of lanes) {
      if (signal.aborted) break;
      await using place = await Place.open(lane.way, target);
      const longest = Math.max(load.forMs, ...finishes.map((before) => before.lane.endedAt - before.lane.beganAt));
      await runWay(place, { ...load, forMs: longest }, lane, signal);
      finishes.push({ lane, parks: await place.parks() });
    }
  }
  screen.write(ending(finishes));
}

function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

async function serviceMsAt(target: Target, signal: AbortSignal): Promise<number> {
  await using place = await Place.open("direct", target);
  return meanServiceMs(PEOPLE["short questions"], await speedsOf(place, signal), CONTEXT_TOKENS);
}

function loadOf(serviceMs: number, forMs: number): Load {
  return {
    people: PEOPLE["short questions"],
    background: BACKGROUNDS.letters,
    arrivals: peopleArrivals(Math.max(serviceMs / SHARE, forMs / MOST_PEOPLE), forMs),
    forMs,
    settleMs: SETTLE_MS,
    clients: CLIENTS,
    contextTokens: CONTEXT_TOKENS,
  };
}

/** Off a terminal, where there is no picture, every first word is a line. */
function lanesOf(screen: Screen): readonly Lane[] {
  return WAYS.map((way) => {
    const onFirst = (afterMs: number): void => {
      screen.write(`${WAY_TITLES[way]}: a person hears the first word after ${duration(afterMs)}\n`);
    };
    return new Lane(way, screen.isTTY === true ? undefined : onFirst);
  });
}

function intro(server: string, { arrivals, forMs }: Load): string {
  const ask =
    arrivals.length === 1 ? "1 person asks a short question" : `${arrivals.length} people ask short questions`;
  return (
    `Three ways to ${server}.\n${CLIENTS} scripts have long letters written without end;\n` +
    `${ask} within ${duration(forMs)}, at the same moments on each way.\n\n`
  );
}

const COLUMNS = [
  { heading: "" },
  { heading: "first word p50", right: true },
  { heading: "longest", right: true },
  { heading: "background", right: true },
  { heading: "stepped aside", right: true },
];

function ending(finishes: readonly Finish[]): string {
  const rows = finishes.map(({ lane, parks }) => {
    const first = firstTokenOf(lane.firstTokens);
    return [
      WAY_TITLES[lane.way],
      first === null ? "-" : duration(first.p50Ms),
      first === null ? "-" : duration(first.maxMs),
      `${lane.tokensPerSecond(lane.endedAt).toFixed(0)} tokens/s`,
      parks === undefined ? "-" : times(parks.resumed + parks.restarted),
    ];
  });
  return `\n${table(COLUMNS, rows).join("\n")}\n`;
}
