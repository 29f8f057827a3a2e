import { Command, InvalidArgumentError } from "commander";
import { connectGate } from "../client/remote-gate.ts";
import { GatewayError } from "../client/gateway-error.ts";
import type { RemotePermit } from "../client/remote-permit.ts";
import { isGateError } from "../gate/index.ts";
import { parsePriority } from "../protocol/priority.ts";
import { EX_NOPERM, EX_UNAVAILABLE } from "./exit-codes.ts";
import { withGatewayFlags, type GatewayFlags } from "./gateway-client.ts";
import { exitCodeOf, onSignals, startJob, type Job } from "./job.ts";
import { jobEnvironment } from "./job-environment.ts";
import { isHeld } from "./outer-permit.ts";

interface RunFlags extends GatewayFlags {
  readonly priority?: number;
  readonly upstream?: string;
  readonly label?: string;
  readonly timeout?: number;
  readonly killOnLoss?: true;
  readonly quiet?: true;
}

/** `headgate run`: a command under a permit, as flock(1) runs one under a lock. */
export function runCommand(): Command {
  return withGatewayFlags(new Command("run"))
    .usage("[options] -- COMMAND [ARGUMENT...]")
    .description(
      "Wait for a permit of the gateway, run a command while holding it, and exit as the command does. " +
        "Model clients of the command that read their address from the environment use the permit too.",
    )
    .argument("<command...>", "what to run; put -- before it")
    .option("--priority <priority>", "foreground, background or a number, smaller is sooner", priorityOf)
    .option("--upstream <name>", "which gate: the name of a model server or of a gate")
    .option("--label <text>", "what the gateway's status shows; default: the command")
    .option("--timeout <seconds>", "wait this long at most, else exit with 69", secondsOf)
    .option("--kill-on-loss", "end the command with SIGTERM when the permit is lost; default: warn, and let it finish")
    .option("--quiet", "do not say that it waits")
    .action((command: readonly string[], flags: RunFlags) => run(command, flags));
}

async function run(command: readonly string[], flags: RunFlags): Promise<void> {
  let job: Job | undefined;
  const waiting = new AbortController();
  const stopListening = onSignals((signal) => {
    if (job !== undefined) return job.pass(signal);
    process.exitCode = exitCodeOf(signal);
    waiting.abort();
  });
  try {
    // A command inside a command must not wait for the permit that its own surroundings hold.
    if (await isHeld(flags, process.env, waiting.signal)) {
      waiting.signal.throwIfAborted();
      job = startJob(command, process.env);
      process.exitCode = await job.exitCode;
      return;
    }
    using permit = await acquire(command, flags, waiting.signal);
    const access = { gateway: flags.gateway, key: flags.key, permitId: permit.id, baseURL: permit.baseURL };
    job = startJob(command, jobEnvironment(process.env, access));
    watchForLoss(permit, job, flags);
    process.exitCode = await job.exitCode;
  } catch (error) {
    if (!waiting.signal.aborted) explain(error);
  } finally {
    stopListening();
  }
}

function acquire(command: readonly string[], flags: RunFlags, signal: AbortSignal): Promise<RemotePermit> {
  const { gateway, key, upstream, priority, timeout, quiet } = flags;
  return connectGate(gateway, { key, upstream }).acquire({
    priority,
    label: flags.label ?? command.join(" ").slice(0, 80),
    signal,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    onEnqueue: (_id, position) => {
      if (quiet !== true) process.stderr.write(`headgate: waiting for a permit (position ${position})\n`);
    },
  });
}

function watchForLoss(permit: RemotePermit, job: Job, { killOnLoss }: RunFlags): void {
  permit.signal.addEventListener("abort", () => {
    const why = (permit.signal.reason as Error).message;
    const then =
      killOnLoss === true ? "ending the command" : "the command goes on, but somebody else may run beside it";
    process.stderr.write(`headgate: ${why}; ${then}\n`);
    if (killOnLoss === true) job.kill();
  });
}

function explain(error: unknown): void {
  if (!isGateError(error) && !(error instanceof GatewayError)) throw error;
  const { message, code } = error;
  const isKey = code === "invalid_api_key";
  const remedy = isKey ? "; name a key with --key or HEADGATE_API_KEY" : "";
  process.stderr.write(`headgate: ${message}${remedy}\n`);
  process.exitCode = isKey ? EX_NOPERM : EX_UNAVAILABLE;
}

function priorityOf(text: string): number {
  const parsed = parsePriority(text);
  if ("priority" in parsed) return parsed.priority;
  throw new InvalidArgumentError("foreground, background or a number is wanted.");
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0 && seconds * 1000 < 2 ** 31) return seconds;
  throw new InvalidArgumentError("a number of seconds is wanted.");
}
