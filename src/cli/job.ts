import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Environment } from "./job-environment.ts";

/** As shells have it: the command is there and cannot be run, or is not there. */
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

/** What a process may be told from outside that it should pass on. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** A terminal sends these to every process in the foreground, so the command has them already; twice is more than once. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);

/** The exit code that tells a signal, as shells have it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Calls `listener` for every signal that ends a process or means something to it. Returns what stops that. */
export function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** A command that runs with our standard streams, without a shell between. */
export interface Job {
  /** Its exit code as a shell would tell it. Never rejects. */
  readonly exitCode: Promise<number>;
  /** Passes a signal on that this process got. */
  pass(signal: NodeJS.Signals): void;
  kill(): void;
}

export function startJob([file = "", ...args]: readonly string[], environment: Environment): Job {
  const { promise: exitCode, resolve } = Promise.withResolvers<number>();
  const child = spawn(file, args, { stdio: "inherit", env: environment });
  child.on("error", (error: NodeJS.ErrnoException) => {
    // Also reported when a signal could not be sent, which is nothing to a command that runs.
    if (child.pid !== undefined) return;
    const missing = error.code === "ENOENT";
    process.stderr.write(`headgate: ${file}: ${missing ? "command not found" : error.message}\n`);
    resolve(missing ? NOT_FOUND : CANNOT_RUN);
  });
  child.on("exit", (code, signal) => resolve(signal === null ? code! : exitCodeOf(signal)));
  return {
    exitCode,
    pass(signal) {
      if (!(FROM_TERMINAL.has(signal) && onTerminal())) child.kill(signal);
    },
    kill: () => void child.kill("SIGTERM"),
  };
}

/** Best guess at whether a person at a terminal sent a signal: any of the streams may be redirected, but hardly all. */
function onTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}
