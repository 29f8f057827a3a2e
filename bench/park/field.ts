import { mean, median } from "../../src/cli/bench/statistics.ts";
import { poissonArrivals } from "../gateway/ideal.ts";
import type { Account } from "./account.ts";
import { SEED } from "./plan.ts";
import { parksIn, type Parks } from "../../src/cli/bench/parks.ts";
import { withPlaces, type Opening, type Place } from "./place.ts";
import { WrongAnswers, wrongAnswers } from "./proof.ts";
import type { Field, Load, Row } from "./results.ts";
import { firstTokenOf, keptOf, loneMs, see, type Coming, type Seen } from "./row.ts";
import type { Servers } from "./servers.ts";
import { ALONE, type Way } from "./ways.ts";

/** Rows that are measured at the same time begin so much after each other: the same arrival is none at the same moment. */
const APART_MS = 130;

/** How a field is measured. Times in milliseconds. */
export interface Measuring {
  readonly ways: readonly Way[];
  readonly shares: readonly number[];
  readonly forMs: number;
  readonly settleMs: number;
  readonly lone: number;
  readonly compared: number;
  /** Whether background clients stream. */
  readonly streamed: boolean;
}

interface Entry extends Opening {
  /** 0 for nobody. */
  readonly share: number;
}

/** One row as it was seen, before it is known what the background does alone. */
interface Measured {
  readonly share: number;
  readonly seen: Pick<Seen, "firstMs" | "tookMs" | "tokens">;
  readonly row: Omit<Row, "kept">;
  readonly background: boolean;
  readonly peopleMs: readonly number[];
}

/**
 * Measures every way at every share, and the background alone. Where each has a model server of its own, all at the same time: they
 * mostly wait, and so meet the same moods of the machine.
 */
export async function measureField(servers: Servers, measuring: Measuring): Promise<Field> {
  const { forMs, lone, settleMs, shares, ways } = measuring;
  const entries: Entry[] = [
    { way: ALONE, share: 0 },
    ...shares.flatMap((share) => ways.map((way) => ({ way, share }))),
  ].map((entry, row) => ({ ...entry, row }));
  const together = servers.apart ? [entries] : entries.map((entry) => [entry]);
  let serviceMs: number | undefined;
  const measured: Measured[] = [];
  for (const group of together) {
    await withPlaces(servers, group, measuring.streamed, async (places) => {
      const alone = await Promise.all(places.map((place) => loneMs(place, lone)));
      const service = (serviceMs ??= median(alone.flat()));
      const all = await Promise.all(
        places.map((place, index) =>
          see(place, coming(group[index]!.share, service, { forMs, settleMs: settleMs + index * APART_MS })),
        ),
      );
      for (const [index, seen] of all.entries()) {
        measured.push(await judged(servers, seen, group[index]!.share, measuring.compared));
      }
    });
  }
  const [first, ...others] = measured as [Measured, ...Measured[]];
  const alonePerSecond = (first.seen.tokens / first.seen.tookMs) * 1000;
  const alone: Alone = { serviceMs: serviceMs!, alonePerSecond };
  return { ...alone, loads: shares.map((share) => loadOf(share, others, alone)) };
}

type Alone = Omit<Field, "loads">;

function coming(share: number, serviceMs: number, times: Pick<Coming, "forMs" | "settleMs">): Coming {
  const perMs = share / serviceMs;
  return { arrivals: share === 0 ? [] : poissonArrivals(perMs * 1000, times.forMs, SEED), ...times };
}

/** Nothing of the texts is kept: a run has thousands of them. */
async function judged(servers: Servers, seen: Seen, share: number, compared: number): Promise<Measured> {
  const { firstMs, place, told, tokens, tookMs } = seen;
  const records = await place.server.records();
  if (place.way.gates && (records?.tooMany ?? 0) > 0) {
    throw new WrongAnswers(`${place.way.id}: more than one request at a time came to the model server`);
  }
  const looked = told.slice(-Math.min(compared, told.length));
  const row = {
    id: place.way.id,
    firstToken: firstTokenOf(firstMs),
    account: records?.background ?? null,
    parks: parksOf(records?.background) ?? (await parksAt(place)),
    compared: looked.length,
    wrong: await wrongAnswers(servers, looked),
  };
  const { background } = place.way;
  return { share, seen: { firstMs, tookMs, tokens }, row, background, peopleMs: records?.peopleMs ?? [] };
}

function parksOf(account: Account | undefined): Parks | undefined {
  return account === undefined ? undefined : { resumed: account.resumed, restarted: account.restarted };
}

/** `null` of who counts none. */
async function parksAt({ running: { child, port } }: Place): Promise<Parks | null> {
  return child === undefined ? null : parksIn(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
}

function loadOf(share: number, measured: readonly Measured[], alone: Alone): Load {
  const ours = measured.filter((each) => each.share === share);
  const requests = ours[0]!.seen.firstMs.length;
  // By the records of the slot where there are some: they know nothing of the way there, and were made in the same mood.
  const people = ours.flatMap(({ peopleMs }) => peopleMs);
  const serviceMs = people.length === 0 ? alone.serviceMs : mean(people);
  return {
    share,
    requests,
    tookShare: mean(ours.map(({ seen }) => (requests * serviceMs) / seen.tookMs)),
    perSecond: (share / alone.serviceMs) * 1000,
    rows: ours.map(({ background, row, seen }) => ({
      ...row,
      kept: background ? keptOf({ ...seen, requests }, { ...alone, serviceMs }) : null,
    })),
  };
}
