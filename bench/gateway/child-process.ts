import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ready, Reply, StartOptions } from "./servers/child-server.ts";

/** Spares every child the stripping of the same types. */
const compileCache = join(tmpdir(), "headgate-bench-cache");

/** A server of ours in a process of its own. */
export class Child<Questions extends object = Record<string, never>> {
  readonly port: number;
  readonly pid: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
    this.pid = child.pid!;
  }

  /** Resolves once it listens; rejects when it ends before that. */
  static async start<Questions extends object>(role: string, options: StartOptions): Promise<Child<Questions>> {
    const child = fork(join(import.meta.dirname, "child.ts"), [role, JSON.stringify(options)], {
      execArgv: ["--expose-gc"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(child, "exit").then(() => Promise.reject(new Error(`the ${role} server did not start`)));
    const [ready] = (await Promise.race([once(child, "message"), ended])) as [Ready];
    ended.catch(() => {});
    return new Child(child, ready.port);
  }

  /** One question at a time. */
  async ask<Name extends keyof Questions & string>(question: Name): Promise<Questions[Name]> {
    const replied = once(this.#process, "message") as Promise<[Reply]>;
    this.#process.send(question);
    const [{ answer }] = await replied;
    return answer as Questions[Name];
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
