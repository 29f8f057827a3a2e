import { quantile } from "../common/statistics.ts";
import { now, until } from "../gateway/clock.ts";
import type { Running } from "../gateway/contender.ts";
import { ask, question, type Answer, type Question } from "./chat.ts";
import { BACKGROUND, BACKGROUND_CLIENTS, FOREGROUND } from "./plan.ts";
import type { Row } from "./results.ts";
import type { Way } from "./ways.ts";

/** Where it is measured. */
export interface Place {
  readonly way: Way;
  readonly running: Running;
  readonly model: string;
  /** Past everything, to hear what an answer would have been. */
  readonly direct: string;
  /** Whether background clients stream. */
  readonly streamed: boolean;
  readonly compared: number;
}

/** A background answer of which some was told at a time. */
interface Told {
  readonly asked: Question;
  readonly answer: Answer;
}

/** The background of one row: it never ends before it is told to. */
export class Background {
  pieces = 0;
  readonly told: Told[] = [];
  #stopped = false;
  readonly #loops: Promise<void>[];

  constructor(place: Place, clients: number) {
    this.#loops = Array.from({ length: clients }, () => this.#loop(place));
  }

  async #loop({ running, model, streamed }: Place): Promise<void> {
    while (!this.#stopped) {
      const asked = question("background", BACKGROUND, model, streamed);
      const answer = await ask(`http://127.0.0.1:${running.port}`, asked, () => {
        if (!this.#stopped) this.pieces += streamed ? 1 : BACKGROUND.tokens;
      });
      this.told.push({ asked, answer });
    }
  }

  /** Counts nothing any more from now on, and resolves when what runs is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

/** One row at one rate. `aloneTokensPerSecond`: what the background does with the slot to itself. */
export async function measureRow(
  place: Place,
  {
    arrivals,
    share,
    aloneTokensPerSecond,
  }: { arrivals: readonly number[]; share: number; aloneTokensPerSecond: number },
): Promise<Row> {
  const { running, way, model } = place;
  const background = new Background(place, way.background ? BACKGROUND_CLIENTS : 0);
  const beginning = now() + 500;
  await until(beginning);
  const before = background.pieces;
  const answers = await Promise.all(
    arrivals.map(async (arrival) => {
      await until(beginning + arrival);
      return ask(`http://127.0.0.1:${running.port}`, question("foreground", FOREGROUND, model));
    }),
  );
  const tookMs = now() - beginning;
  const pieces = background.pieces - before;
  await background.stop();
  const tokensPerSecond = (pieces / tookMs) * 1000;
  const first = answers.map(({ firstMs }) => firstMs);
  return {
    id: way.id,
    requests: answers.length,
    p50Ms: quantile(first, 0.5),
    p95Ms: quantile(first, 0.95),
    p99Ms: quantile(first, 0.99),
    kept: way.background ? tokensPerSecond / (aloneTokensPerSecond * (1 - share)) : null,
    ...(await parksOf(running)),
    wrong: await wrongAnswers(place, background.told),
  };
}

/** Background answers that are not what the server says when nobody interrupts it. */
async function wrongAnswers({ compared, direct }: Place, told: readonly Told[]): Promise<number> {
  let wrong = 0;
  for (const { asked, answer } of told.slice(-compared)) {
    if ((await ask(direct, asked)).text !== answer.text) wrong++;
  }
  return wrong;
}

async function parksOf({ child, port }: Running): Promise<{ resumed: number; restarted: number }> {
  if (child === undefined) return { resumed: 0, restarted: 0 };
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const count = (way: string): number =>
    Number(new RegExp(`^headgate_parks_total\\{.*way_back="${way}".*\\} (\\d+)$`, "m").exec(metrics)?.[1] ?? 0);
  return { resumed: count("resumed"), restarted: count("restarted") };
}
