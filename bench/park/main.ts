/**
 * `node bench/park/main.ts`: what a person waits for the first token while the background never ends, and what the background
 * keeps. See ../README.md. The exit code is explained at `runBenchmark`.
 */
import { mean } from "../common/statistics.ts";
import { runBenchmark, tell } from "../common/command.ts";
import { environmentOf, packageVersion } from "../common/environment.ts";
import { now } from "../gateway/clock.ts";
import { poissonArrivals } from "../gateway/ideal.ts";
import { installedVersions } from "../gateway/servers/installed.ts";
import type { ModelServerOptions, SimulatedEngine } from "../../src/testing/index.ts";
import { ask, question } from "./chat.ts";
import { Background, measureRow, type Place } from "./measure.ts";
import { Model } from "./model-process.ts";
import { BACKGROUND, FOREGROUND, FULL, QUICK, RESTARTING, SEED, TIMING, type Effort } from "./plan.ts";
import { reportOf } from "./report.ts";
import { parseResults, type Load, type Restarting, type Results, type Row } from "./results.ts";
import { NO_BACKGROUND, PARK, WAYS, type Way } from "./ways.ts";

/** An answer that came out different, or two at a time: nothing that is fast is of use then. */
class WrongAnswers extends Error {}

process.exitCode = await runBenchmark(
  {
    name: "park",
    measure,
    parse: parseResults,
    report: reportOf,
    isDisproof: (error) => error instanceof WrongAnswers,
  },
  process.argv.slice(2),
);

/** A model server for one row: nobody's cache is warm from the row before. */
interface Server extends AsyncDisposable {
  readonly port: number;
  readonly model: string;
  /** Times that it had more requests than slots, as far as it tells. */
  tooMany(): Promise<number>;
}

type NewServer = () => Promise<Server>;

function simulated(engine: SimulatedEngine): NewServer {
  const answer = { tokens: BACKGROUND.tokens, toolCalls: "never" as const };
  const options: ModelServerOptions = {
    engine,
    models: ["simulated"],
    slots: 1,
    batchTokens: 256,
    timing: TIMING,
    answer,
    remember: 200,
  };
  return async () => {
    const process = await Model.start(options);
    return {
      port: process.port,
      model: "simulated",
      tooMany: () => process.tooMany(),
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  };
}

function real(url: string): NewServer {
  return async () => {
    const list = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    const port = Number(new URL(url).port);
    return { port, model: list.data[0]!.id, tooMany: async () => 0, [Symbol.asyncDispose]: async () => {} };
  };
}

async function measure(quick: boolean, args: readonly string[], upstream: string | undefined): Promise<Results> {
  const environment = environmentOf("park", args, { undici: packageVersion("undici"), ...installedVersions() });
  const effort = quick ? QUICK : FULL;
  const newServer = upstream === undefined ? simulated("llama-server") : real(upstream);
  const loads: Load[] = [];
  const setting: Setting = { newServer, effort, streamed: true };
  const { aloneTokensPerSecond, serviceMs } = await learn(setting);
  for (const share of effort.shares) {
    const perSecond = (share / serviceMs) * 1000;
    const arrivals = poissonArrivals(perSecond, effort.forMs, SEED);
    const rows: Row[] = [];
    for (const way of WAYS.filter(({ missing }) => missing === undefined)) {
      tell(`${way.id}, ${share}`);
      rows.push(await inPlace(setting, way, (place) => measureRow(place, { arrivals, share, aloneTokensPerSecond })));
    }
    loads.push({ share, perSecond, rows });
  }
  const restarts = upstream === undefined ? await measureRestarts(effort) : [];
  tell("");
  assertRight(loads.flatMap(({ rows }) => rows));
  return { schema: 1, environment, effort, server: upstream ?? "the simulated llama-server", loads, restarts };
}

/** What the rows of one table have in common. */
interface Setting {
  readonly newServer: NewServer;
  readonly effort: Effort;
  /** Whether background clients stream. */
  readonly streamed: boolean;
}

async function inPlace<Result>(
  { effort: { compared }, newServer, streamed }: Setting,
  way: Way,
  use: (place: Place) => Promise<Result>,
): Promise<Result> {
  await using server = await newServer();
  const running = await way.start(server.port);
  const direct = `http://127.0.0.1:${server.port}`;
  try {
    const result = await use({ way, running, streamed, compared, model: server.model, direct });
    // The server's own line takes what comes; everybody else must not send it more than it has slots.
    const tooMany = running.pid === undefined ? 0 : await server.tooMany();
    if (tooMany > 0) throw new WrongAnswers(`${way.id}: ${tooMany} times more than one request at the model server`);
    return result;
  } finally {
    await running.close();
  }
}

interface Learnt {
  readonly aloneTokensPerSecond: number;
  /** Of one foreground request with the slot to itself. */
  readonly serviceMs: number;
}

/** What the background and a person do with the slot to themselves. */
function learn(setting: Setting): Promise<Learnt> {
  const way = WAYS.find(({ id }) => id === NO_BACKGROUND)!;
  return inPlace(setting, way, async (place) => {
    const service: number[] = [];
    for (let n = 0; n < 6; n++) {
      const { totalMs } = await ask(
        `http://127.0.0.1:${place.running.port}`,
        question("foreground", FOREGROUND, place.model),
      );
      if (n >= 3) service.push(totalMs);
    }
    const background = new Background(place, 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = background.pieces;
    const startedAt = now();
    await new Promise((resolve) => setTimeout(resolve, setting.effort.aloneMs));
    const aloneTokensPerSecond = ((background.pieces - before) / (now() - startedAt)) * 1000;
    await background.stop();
    return { aloneTokensPerSecond, serviceMs: mean(service) };
  });
}

/** Engines and clients where stepping aside means to begin anew: both numbers, no target. */
async function measureRestarts(effort: Effort): Promise<Restarting[]> {
  const share = effort.shares[0]!;
  const restarts: Restarting[] = [];
  for (const { engine, streamed } of effort.quick ? RESTARTING.slice(0, 1) : RESTARTING) {
    tell(`restarts: ${engine}`);
    const setting: Setting = { newServer: simulated(engine), effort, streamed };
    const { aloneTokensPerSecond, serviceMs } = await learn(setting);
    const arrivals = poissonArrivals((share / serviceMs) * 1000, effort.forMs / 2, SEED);
    const row = (id: string): Promise<Row> =>
      inPlace(
        setting,
        WAYS.find((way) => way.id === id)!,
        (place) => measureRow(place, { arrivals, share, aloneTokensPerSecond }),
      );
    restarts.push({
      engine,
      clients: streamed ? "streamed" : "not streamed",
      without: await row("Headgate, without stepping aside"),
      aside: await row(PARK),
    });
  }
  return restarts;
}

function assertRight(rows: readonly Row[]): void {
  for (const { id, wrong } of rows) {
    if (wrong > 0)
      throw new WrongAnswers(`${id}: ${wrong} background answers are not what the server says uninterrupted`);
  }
}
