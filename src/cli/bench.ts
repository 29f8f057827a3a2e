import { writeFile } from "node:fs/promises";
import { NoAnswer } from "./bench/ask.ts";
import { SaidDirectly, Uninterrupted, type Answers } from "./bench/answers.ts";
import { NotMeasured, openSimulated, openTarget } from "./bench/open-target.ts";
import { WAYS } from "./bench/place.ts";
import { Progress } from "./bench/progress.ts";
import { benchLines } from "./bench/report-text.ts";
import type { BenchResults } from "./bench/results.ts";
import { measureScenarios, othersAt, type Plan, type Scenario } from "./bench/scenarios.ts";
import type { Target } from "./bench/target.ts";
import { SIMULATED } from "./bench/simulated-server.ts";
import type { BenchFlags } from "./bench-command.ts";
import { EX_UNAVAILABLE } from "./exit-codes.ts";
import { version } from "./version.ts";

/** Usual ones: together they show all four workloads. */
const SCENARIOS: readonly Scenario[] = [
  { people: "chat", background: "batch" },
  { people: "agents", background: "classify" },
];
/** The warm-up, the line that has to stand, and the last answers take this much of a way's time. */
const BESIDE = 1.5;
/** Enough to keep every slot busy with a line behind it. */
const CLIENTS = 4;
const EX_INTERRUPTED = 130;
const EX_WRONG = 1;

/** Measures, and reports however it ended. */
export async function bench(flags: BenchFlags): Promise<void> {
  const startedAt = new Date().toISOString();
  try {
    const target = flags.simulate === true ? await openSimulated(SIMULATED) : await openTarget(wantedOf(flags));
    try {
      await report(await measure(target, flags, startedAt), flags);
    } finally {
      await target.simulated?.close();
    }
  } catch (error) {
    if (!(error instanceof NotMeasured || error instanceof NoAnswer)) throw error;
    const remedy = error instanceof NoAnswer ? "; a smaller --context may help, or another --model" : "";
    process.stderr.write(`headgate: ${error.message}${remedy}\n`);
    process.exitCode = EX_UNAVAILABLE;
  }
}

async function measure(target: Target, flags: BenchFlags, startedAt: string): Promise<BenchResults> {
  const { url, engine, model, slots, simulated } = target;
  const plan = planOf(flags, slots);
  const interrupted = new AbortController();
  const interrupt = (): void => {
    // A second one ends the process, as it would without us.
    process.off("SIGINT", interrupt);
    interrupted.abort();
    progress.note("Interrupted: ending what is under way; a second Ctrl-C ends at once.");
  };
  process.on("SIGINT", interrupt);
  using progress = new Progress(process.stderr, plan.scenarios.length);
  progress.note(`${engine.title} at ${url.origin}, model ${model ?? "its own"}, ${slots} at a time`);
  if ((await othersAt(target)) === null)
    progress.note("It does not tell whether others use it: make sure that nobody does.");
  await using answers = await answersFor(target, plan);
  const scenarios = await measureScenarios(target, { plan, answers, watcher: progress }, interrupted.signal);
  process.off("SIGINT", interrupt);
  return {
    format: "headgate-bench",
    version: 1,
    headgate: version(),
    startedAt,
    complete: !interrupted.signal.aborted,
    server: {
      url: url.origin,
      engine: engine.name,
      title: engine.title,
      model: model ?? null,
      capacity: slots,
      simulated: simulated !== undefined,
    },
    scenarios,
  };
}

function answersFor({ simulated }: Target, { contextTokens }: Plan): Promise<Answers> {
  return simulated === undefined ? Promise.resolve(new SaidDirectly()) : Uninterrupted.start(SIMULATED, contextTokens);
}

async function report(results: BenchResults, { json }: BenchFlags): Promise<void> {
  const text = `${JSON.stringify(results, null, 2)}\n`;
  if (json === "-") process.stdout.write(text);
  else {
    process.stdout.write(`\n${benchLines(results).join("\n")}\n`);
    if (json !== undefined) {
      await writeFile(json, text);
      process.stdout.write(`Written to ${json}\n`);
    }
  }
  const ours = results.scenarios.flatMap(({ ways }) => ways).filter(({ way }) => way !== "direct");
  if (!results.complete) process.exitCode = EX_INTERRUPTED;
  else if (ours.some(({ answers }) => answers.failed > 0 || (results.server.simulated && answers.different > 0))) {
    process.exitCode = EX_WRONG;
  }
}

function planOf({ scenario = SCENARIOS, minutes, share, clients, context }: BenchFlags, slots: number): Plan {
  const forMs = (minutes * 60_000) / (scenario.length * (WAYS.length + BESIDE));
  return {
    scenarios: scenario,
    forMs,
    share,
    clients: clients ?? Math.max(CLIENTS, 2 * slots),
    contextTokens: context,
  };
}

function wantedOf({ upstream, apiKey, model, force }: BenchFlags): Parameters<typeof openTarget>[0] {
  return { url: upstream, apiKey, model, force: force === true };
}
