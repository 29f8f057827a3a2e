import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelServerOptions } from "../../src/testing/index.ts";
import type { Account } from "./account.ts";

/** What a model server has seen since it began. */
export interface Records {
  /** Times that it had more requests than slots. */
  readonly tooMany: number;
  readonly background: Account;
  /** For how long each request of people had the slot. */
  readonly peopleMs: readonly number[];
}

/** Spares every child the stripping of the same types. */
const compileCache = join(tmpdir(), "headgate-bench-cache");

/** The simulated model server, out of the way of whoever measures it. */
export class Model implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Resolves once it listens; rejects when it ends before that. */
  static async start(options: ModelServerOptions): Promise<Model> {
    const child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(options)], {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(child, "exit").then(() => Promise.reject(new Error("the model server did not start")));
    const [{ port }] = (await Promise.race([once(child, "message"), ended])) as [{ port: number }];
    ended.catch(() => {});
    return new Model(child, port);
  }

  async records(): Promise<Records> {
    const replied = once(this.#child, "message") as Promise<[Records]>;
    this.#child.send("what have you seen?");
    const [records] = await replied;
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
