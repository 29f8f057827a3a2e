import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

/** A process of its own that works on a data directory, see `crash-child.ts`. */
export interface OtherProcess {
  /** What it says, line by line, until it ends. */
  readonly lines: AsyncIterator<string, undefined>;
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Waits for its own end, and answers its exit code, null after a kill. */
  ended(): Promise<number | null>;
}

/** Starts one, which runs `crash-child.ts` with these arguments. */
export type StartProcess = (...args: readonly string[]) => OtherProcess;

/** Bundles the child into `directory`: a process that is killed dozens of times should not read thirty files each time it starts. */
export async function prepareProcess(directory: string): Promise<StartProcess> {
  await build({
    entryPoints: [
      join(import.meta.dirname, "crash-child.ts"),
      join(import.meta.dirname, "../../src/store/sqlite/thread.ts"),
    ],
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
    outdir: directory,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  return (...args) => startProcess([join(directory, "crash-child.mjs"), ...args]);
}

function startProcess(args: readonly string[]): OtherProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() as AsyncIterator<string, undefined>,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    ended: () => ended,
  };
}
