import { identifyServer } from "../../engines/detect.ts";
import type { Engine } from "../../engines/engine.ts";
import type { EngineName, Health, StepAside } from "../../engines/engine-words.ts";
import { HttpProbe } from "../../engines/http-probe.ts";
import type { Clock } from "../../gate/index.ts";
import { instanceAt } from "../../gateway/discovery.ts";
import { judge, type Judgement } from "./judge.ts";
import { loadedModel } from "./loaded-model.ts";
import { measure, type Measurement } from "./measure.ts";
import { TrialFailed } from "./trial.ts";

/** What was found out about one server. */
export interface Report extends Judgement {
  readonly url: string;
  readonly engine?: EngineName;
  readonly title?: string;
  readonly health: Health;
  readonly capacity?: number;
  readonly capacitySource?: string;
  readonly stepAside?: StepAside;
  readonly models?: readonly string[];
  /** What is known of this kind of server. */
  readonly notes: readonly string[];
  readonly measured?: Measurement;
  /** Why there are no figures. */
  readonly notMeasured?: string;
}

export interface ExamineOptions {
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
  /** Measure also while others use the server. */
  readonly force: boolean;
  readonly clock: Clock;
}

/** Asks and tries one server. Never rejects for what the server does. */
export async function examine(url: URL, options: ExamineOptions): Promise<Report> {
  const address = url.origin + url.pathname.replace(/\/+$/, "");
  const probe = new HttpProbe(url, options.apiKey);
  const unwell = (health: Health, problem: string): Report => {
    return { url: address, health, notes: [], problems: [problem], advice: [] };
  };
  if ((await instanceAt(url)) !== undefined) {
    return unwell("ready", "this is Headgate itself: name the model server behind it");
  }
  const engine = await identifyServer(probe);
  if (engine === undefined) return unwell("down", "nothing answers there: is the server running?");
  const health = await engine.health(probe);
  const told = await engine.capacity(probe);
  const { slots, source } = told ?? { slots: 1, source: "assumed; this server does not tell" };
  const models = await engine.models(probe);
  const known = {
    url: address,
    engine: engine.name,
    title: engine.title,
    health,
    capacity: slots,
    capacitySource: source,
    stepAside: engine.stepAside,
    ...(models !== undefined && { models }),
    notes: engine.notes,
  };
  if (health !== "ready") return { ...known, problems: [`it is ${health}: try again once it is ready`], advice: [] };
  const advice = told === undefined ? ["if it takes more than one request at a time, say so: upstreams.capacity"] : [];
  const tried = await tryOut({ url, engine, slots, probe }, options);
  if ("notMeasured" in tried) return { ...known, ...tried, advice };
  const judgement = judge(engine, slots, tried);
  return { ...known, measured: tried, problems: judgement.problems, advice: [...judgement.advice, ...advice] };
}

interface Patient {
  readonly url: URL;
  readonly engine: Engine;
  readonly slots: number;
  readonly probe: HttpProbe;
}

/** What kept the measuring from happening; whether that is a problem is in `problems`. */
interface NoTrial {
  readonly notMeasured: string;
  readonly problems: readonly string[];
}

async function tryOut(
  { url, engine, slots, probe }: Patient,
  { apiKey, model: wanted, force, clock }: ExamineOptions,
): Promise<Measurement | NoTrial> {
  const business = force ? 0 : await engine.load?.(probe);
  if (business !== undefined && business > 0) {
    const requests = business === 1 ? "1 request of somebody else is" : `${business} requests of others are`;
    const busy = `${requests} there: trials would hold them up and give wrong figures; try again later, or with --force`;
    return { notMeasured: busy, problems: [busy] };
  }
  const choice = wanted === undefined ? await loadedModel(engine, probe) : { model: wanted };
  if ("none" in choice) return { notMeasured: choice.none, problems: [] };
  const mustNotAbort = engine.mayAbort({ streaming: true })
    ? undefined
    : "it may lose its slot for good when a stream is closed, so it is not tried";
  try {
    return await measure({ url, apiKey, model: choice.model, clock }, { slots, mustNotAbort });
  } catch (error) {
    if (!(error instanceof TrialFailed)) throw error;
    return { notMeasured: error.message, problems: [`a trial request failed: ${error.message}`] };
  }
}
