/**
 * `node bench/gateway/main.ts`: proves every contender, measures them side by side, and reports. See ../README.md. The exit code
 * is explained at {@link runBenchmark}.
 */
import { runBenchmark, tell } from "../common/command.ts";
import { environmentOf, packageVersion } from "../common/environment.ts";
import { whoIsPresent } from "../common/present.ts";
import type { Contender } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { warmUp, withField, type Entrant } from "./field.ts";
import { measureForeground } from "./foreground.ts";
import { measureIdle } from "./idle.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { FULL, QUICK, type Effort } from "./plan.ts";
import { DisprovedError, proveOrder, provePassing } from "./proof.ts";
import { reportOf } from "./report.ts";
import { parseResults, type Results } from "./results.ts";
import { measureSaturation } from "./saturation.ts";
import { installedVersions } from "./servers/installed.ts";
import { measureStream } from "./stream.ts";

/** More than the rows without a line have on their way at once: nobody waits. */
const AMPLE = 1024;

process.exitCode = await runBenchmark(
  {
    name: "gateway",
    measure,
    parse: parseResults,
    report: reportOf,
    isDisproof: (error) => error instanceof DisprovedError,
  },
  process.argv.slice(2),
);

async function measure(quick: boolean, args: readonly string[]): Promise<Results> {
  const environment = environmentOf("gateway", args, { undici: packageVersion("undici"), ...installedVersions() });
  const effort = quick ? QUICK : FULL;
  const { present, missing } = whoIsPresent(contenders);
  const results = { ...(await throughAll(present, effort)), ...(await throughOneSlot(present, effort)) };
  tell("memory");
  const memory = await measureMemory(effort.memory);
  tell("");
  return { schema: 1, environment, effort, missing, ...results, memory };
}

function throughAll(
  present: readonly Contender[],
  effort: Effort,
): Promise<Pick<Results, "latency" | "saturation" | "stream">> {
  return withField(present, AMPLE, async (field) => {
    await prepare(field, effort, [(entrant) => provePassing(entrant)]);
    tell("latency");
    const latency = await measureLatency(field, effort.latency);
    tell("streams");
    const stream = await measureStream(field, effort.stream);
    tell("saturation");
    return { latency, stream, saturation: await measureSaturation(field, effort.saturation) };
  });
}

/** Who has a line of its own, and the model server's. */
function throughOneSlot(present: readonly Contender[], effort: Effort): Promise<Pick<Results, "idle" | "foreground">> {
  const entrants = present.filter(({ priorities, role }) => priorities || role === "direct");
  return withField(entrants, 1, async (field) => {
    await prepare(field, effort, [(entrant) => provePassing(entrant), proveOrder]);
    tell("idle slot");
    const idle = await measureIdle(field, effort.idle);
    tell("foreground");
    return { idle, foreground: await measureForeground(field, effort.foreground) };
  });
}

/** Whoever is measured is proven first, and has run a while. */
async function prepare(
  field: readonly Entrant[],
  { warmUp: requests }: Effort,
  proofs: readonly ((entrant: Entrant) => Promise<void>)[],
): Promise<void> {
  for (const entrant of field) {
    tell(`proving ${entrant.contender.id}`);
    for (const prove of proofs) await prove(entrant);
    await warmUp(entrant, requests);
  }
}
