import { mean, quantile } from "../../src/cli/bench/statistics.ts";
import type { Child } from "./child-process.ts";
import { now, until } from "./clock.ts";
import { Connection } from "./connection.ts";
import type { Entrant } from "./field.ts";
import { formulaMean, idealMean, leastWaits, poissonArrivals, type Load, type Passage } from "./ideal.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { ForegroundLoad, ForegroundRun } from "./results.ts";
import type { ModelQuestions } from "./servers/model.ts";
import type { Served } from "./servers/slot.ts";

const SEED = 11_400;
/** More than are on their way at once, unless the machine stands still: no connection is opened while it is timed. */
const FOREGROUND_CLIENTS = 128;
/** Until the background's line stands. */
const BEFORE_MS = 300;

/**
 * How long the foreground waits while the background never ends. All contenders at once, each with a model server of its own:
 * they sleep most of the time, and so meet the same moods of the machine.
 */
export async function measureForeground(
  field: readonly Entrant[],
  effort: Effort["foreground"],
): Promise<ForegroundLoad[]> {
  const loads: ForegroundLoad[] = [];
  const { backgroundMs, forMs, rates, serviceMs } = effort;
  for (const perSecond of rates) {
    const arrivals = poissonArrivals(perSecond, forMs, SEED);
    const load = { arrivals, serviceMs, backgroundMs };
    loads.push({
      perSecond,
      requests: arrivals.length,
      utilisation: (perSecond * serviceMs) / 1000,
      idealMs: idealMean(load),
      formulaMs: formulaMean(perSecond, serviceMs, backgroundMs),
      runs: await Promise.all(field.map((entrant) => oneRun(entrant, load, effort.backgroundClients))),
    });
  }
  return loads;
}

async function oneRun(entrant: Entrant, load: Load, backgroundClients: number): Promise<ForegroundRun> {
  const { model, running, contender } = entrant;
  const background = clientsOf(running.port, load.backgroundMs, backgroundClients);
  const figures = await foregroundBeside(background, { model, port: running.port, load });
  return { id: contender.id, role: contender.role, ...figures };
}

/** Work that does not end by itself: begins, and answers what ends it. */
export type Background = () => Promise<() => Promise<void>>;

/** So many clients that send their next request when they have an answer. */
export function clientsOf(port: number, backgroundMs: number, count: number): Background {
  return async () => {
    const clients = await Connection.openMany(port, count);
    let stopped = false;
    const bytes = request(`serve ${backgroundMs} background`, "background");
    const loops = clients.map(async (client) => {
      while (!stopped) await client.send(bytes);
    });
    return async () => {
      stopped = true;
      await Promise.all(loops);
      for (const client of clients) client.close();
    };
  };
}

/** The figures of the foreground beside a background, both at the same gateway. */
export async function foregroundBeside(
  background: Background,
  { model, port, load }: { readonly model: Child<ModelQuestions>; readonly port: number; readonly load: Load },
): Promise<Omit<ForegroundRun, "id" | "role">> {
  await model.ask("served");
  const stop = await background();
  const sent = await sendAll(port, load);
  await stop();
  return figuresOf(await model.ask("served"), sent, load);
}

interface Sent {
  readonly sentAt: number;
  readonly waitedMs: number;
}

/** The foreground: each at its moment, whether the one before has its answer or not. */
async function sendAll(port: number, { arrivals, serviceMs }: Load): Promise<Sent[]> {
  const idle = await Connection.openMany(port, FOREGROUND_CLIENTS);
  const beginning = now() + BEFORE_MS;
  const sent = await Promise.all(
    arrivals.map(async (arrival, index) => {
      await until(beginning + arrival);
      const client = openOne(idle) ?? (await Connection.open(port));
      const sentAt = now();
      await client.send(request(`serve ${serviceMs} ${index}`));
      const waitedMs = now() - sentAt - serviceMs;
      idle.push(client);
      return { sentAt, waitedMs };
    }),
  );
  for (const client of idle) client.close();
  return sent;
}

function openOne(idle: Connection[]): Connection | undefined {
  let client = idle.pop();
  while (client?.isOpen === false) client = idle.pop();
  return client;
}

function figuresOf(
  served: readonly Served[],
  sent: readonly Sent[],
  { backgroundMs, serviceMs }: Load,
): Omit<ForegroundRun, "id" | "role"> {
  const waits = sent.map(({ waitedMs }) => waitedMs);
  const least = leastWaits(
    served,
    ({ name }) => (name === "background" ? backgroundMs : serviceMs),
    passagesOf(served, sent),
    serviceMs,
  );
  const tookMs = served.at(-1)!.endedAt - served[0]!.startedAt;
  return {
    meanMs: mean(waits),
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    excessMs: mean(waits) - mean(least),
    backgroundPerSecond: ((served.length - sent.length) * 1000) / tookMs,
  };
}

function passagesOf(served: readonly Served[], sent: readonly Sent[]): Passage[] {
  const started = new Map(served.map(({ name, startedAt }) => [name, startedAt]));
  return sent.map(({ sentAt }, index) => ({ sentAt, startedAt: started.get(String(index))! }));
}
