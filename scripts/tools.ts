/**
 * How the scripts find the repository and run its tools: always the versions of node_modules, whatever is on the caller's PATH.
 */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/** The repository's folder, absolute. */
export const root: string = join(import.meta.dirname, "..");

export interface Result {
  /** Null when the tool was ended by a signal. */
  readonly exitCode: number | null;
  /** Standard output and standard error, in the order of their streams, not interleaved. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
  /** After this the tool is ended and counts as failed. */
  readonly timeoutMs?: number;
}

/** Runs a tool in the repository's folder and waits for it. Throws only when it cannot be started at all. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Result {
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const child = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...options.env, PATH: path },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  if (child.error !== undefined && child.pid === 0) throw child.error;
  return { exitCode: child.status, output: child.stdout + child.stderr };
}
