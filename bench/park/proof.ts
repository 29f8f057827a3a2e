import { setTimeout as pause } from "node:timers/promises";
import { randomNumbers } from "../../src/cli/bench/random.ts";
import { ask } from "./ask.ts";
import { Background, type Told } from "./background.ts";
import { question } from "./chat.ts";
import { withPlaces, type Place } from "./place.ts";
import type { Servers } from "./servers.ts";
import type { Way } from "./ways.ts";

/** Answers that came out different, or two at a time: nothing that is fast is of use then. */
export class WrongAnswers extends Error {}

/** Those that are not letter by letter what is answered when nobody interrupts. */
export async function wrongAnswers(servers: Pick<Servers, "uninterrupted">, told: readonly Told[]): Promise<number> {
  let wrong = 0;
  for (const { asked, text } of told) if ((await servers.uninterrupted(asked)) !== text) wrong++;
  return wrong;
}

export interface Proving {
  readonly ways: readonly Way[];
  readonly streamed: boolean;
  /** Answers of each of the two background clients. */
  readonly answers: number;
  /** Whether background that steps aside must have done so: a proof without that proves nothing. */
  readonly mustPark: boolean;
}

/**
 * People come again and again while the background writes: every answer of both is the uninterrupted one, and a gate lets one
 * request through at a time.
 *
 * @throws {WrongAnswers} naming the way, and what is wrong.
 */
export async function prove(servers: Servers, { answers, mustPark, streamed, ways }: Proving): Promise<void> {
  const openings = ways.map((way, row) => ({ way, row }));
  await withPlaces(servers, openings, streamed, async (places) => {
    await Promise.all(places.map((place) => proveOne(servers, place, { answers, mustPark })));
  });
}

/** The longest a person stays away, in milliseconds: less than a background answer takes. */
const AWAY_MS = 400;

async function proveOne(
  servers: Servers,
  place: Place,
  { answers, mustPark }: Pick<Proving, "answers" | "mustPark">,
): Promise<void> {
  const { running, server, way } = place;
  const background = new Background(place, way.background ? 2 : 0, answers);
  let over = !way.background;
  const finished = background.done.finally(() => (over = true));
  const random = randomNumbers(1);
  const told: Told[] = [];
  do {
    await pause(random() * AWAY_MS);
    const asked = question("foreground", told.length, server.topic);
    told.push({ asked, text: (await ask(running.port, asked)).text });
  } while (!over);
  await finished;
  const all = [...told, ...background.told];
  const wrong = await wrongAnswers(servers, all);
  if (wrong > 0) throw new WrongAnswers(`${way.id}: ${wrong} of ${all.length} answers are not the uninterrupted ones`);
  const records = await server.records();
  if (records === undefined) return;
  if (way.gates && records.tooMany > 0) {
    throw new WrongAnswers(`${way.id}: more than one request at a time came to the model server`);
  }
  if (mustPark && way.parks && records.background.resumed + records.background.restarted === 0) {
    throw new WrongAnswers(`${way.id}: nothing stepped aside`);
  }
}
