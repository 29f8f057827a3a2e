/**
 * `node bench/park/main.ts`: what a person waits for the first token while the background never ends, and what the background
 * keeps. See ../README.md. The exit code is explained at {@link runBenchmark}.
 */
import { runBenchmark, tell } from "../common/command.ts";
import { environmentOf, packageVersion } from "../common/environment.ts";
import { whoIsPresent } from "../common/present.ts";
import { installedVersions } from "../gateway/servers/installed.ts";
import type { SimulatedEngine } from "../../src/testing/index.ts";
import { measureField } from "./field.ts";
import { FULL, PROOF_SPEED, QUICK, REAL, REAL_QUICK, timing, type Effort, type Restarter } from "./plan.ts";
import { prove, WrongAnswers, type Proving } from "./proof.ts";
import { reportOf } from "./report.ts";
import { parseResults, type Field, type Results } from "./results.ts";
import { real, simulated } from "./servers.ts";
import { PARK, WAYS, WITHOUT, type Way } from "./ways.ts";

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

async function measure(quick: boolean, args: readonly string[], upstream: string | undefined): Promise<Results> {
  const environment = environmentOf("park", args, { undici: packageVersion("undici"), ...installedVersions() });
  const [ofSimulated, ofReal] = quick ? [QUICK, REAL_QUICK] : [FULL, REAL];
  const effort = upstream === undefined ? ofSimulated : ofReal;
  const { present: ways, missing } = whoIsPresent(WAYS);
  // A real server is not proven beforehand: its answers are compared with its own as they come.
  if (upstream === undefined) await proveAll(effort, ways);
  await using servers = upstream === undefined ? await simulated("llama-server", timing()) : await real(upstream);
  tell("people and background");
  const measuring = measureField(servers, { ...effort, ways, streamed: true });
  // A quick run has figures of nothing to spoil.
  if (!quick) await measuring;
  const [field, restarts] = await Promise.all([measuring, measureRestarts(effort)]);
  // What a real one computes may differ in the last bits with what is in its cache: that is shown, not refused.
  if (upstream === undefined) assertRight(field);
  tell("");
  return { schema: 2, environment, effort, missing, server: servers.name, field, restarts };
}

async function proveAll({ proven, restarting }: Effort, ways: readonly Way[]): Promise<void> {
  tell("proof");
  await Promise.all([
    proveWith("llama-server", { ways, streamed: true, answers: proven, mustPark: true }),
    ...restarting.map(({ engine, streamed, surely }) =>
      proveWith(engine, { ways: [PARK], streamed, answers: proven, mustPark: surely }),
    ),
  ]);
}

async function proveWith(engine: SimulatedEngine, proving: Proving): Promise<void> {
  await using servers = await simulated(engine, timing(PROOF_SPEED));
  await prove(servers, proving);
}

/** All at the same time, like the rows of a table. */
function measureRestarts(effort: Effort): Promise<Results["restarts"]> {
  tell("beginning anew");
  return Promise.all(effort.restarting.map((restarter) => measureRestarter(effort, restarter)));
}

async function measureRestarter(effort: Effort, { engine, streamed }: Restarter): Promise<Results["restarts"][number]> {
  await using servers = await simulated(engine, timing());
  const field = await measureField(servers, {
    ...effort,
    ways: [WITHOUT, PARK],
    shares: effort.shares.slice(-1),
    forMs: effort.restartMs,
    streamed,
  });
  assertRight(field);
  return { ...field, clients: `${engine}, ${streamed ? "streamed" : "not streamed"}` };
}

function assertRight({ loads }: Field): void {
  for (const { compared, id, wrong } of loads.flatMap(({ rows }) => rows)) {
    if (wrong > 0)
      throw new WrongAnswers(`${id}: ${wrong} of ${compared} background answers are not the uninterrupted ones`);
  }
}
