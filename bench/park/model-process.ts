import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ModelServerOptions } from "../../src/testing/index.ts";

/** The simulated model server, out of the way of whoever measures it. */
export class Model implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(options: ModelServerOptions): Promise<Model> {
    const child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Model(child, port);
  }

  /** Times that it had more requests than slots. */
  async tooMany(): Promise<number> {
    const replied = once(this.#child, "message") as Promise<[{ tooMany: number }]>;
    this.#child.send("how often were there too many?");
    return (await replied)[0].tooMany;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
