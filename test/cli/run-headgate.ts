import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** How a run of the command ended, and what it said. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing is kept in it, or made, by tests that name no folder of their own. */
const NO_DATA = join(tmpdir(), `headgate-test-no-data-${process.pid}`);

/** The `headgate` command as a process of its own. It sees none of this process's HEADGATE_ variables, and not its user's data. */
export class Headgate {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #looks = new Set<() => void>();

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}, input?: string) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("HEADGATE_"));
    this.process = spawn(process.execPath, [MAIN, ...args], {
      env: { ...Object.fromEntries(own), HEADGATE_DATA: NO_DATA, ...environment },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.process.stdin?.end(input);
    this.process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      for (const look of this.#looks) look();
    });
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      for (const look of this.#looks) look();
    });
  }

  /** Resolves once its standard output, or standard error, matches, and rejects if it ends before. */
  async says(words: RegExp, where: "stdout" | "stderr" = "stdout"): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (words.test(this[where])) resolve();
    };
    this.#looks.add(look);
    look();
    const closed = (): void => reject(new Error(`it ended without saying ${words}: ${this.stdout}${this.stderr}`));
    this.process.once("close", closed);
    await promise;
    this.process.off("close", closed);
    this.#looks.delete(look);
  }

  async ended(): Promise<Ended> {
    const [exitCode] = (await once(this.process, "close")) as [number | null];
    return { exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs the command to its end, with `input` as its standard input. */
export function headgate(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ended> {
  return new Headgate(args, environment, input).ended();
}
