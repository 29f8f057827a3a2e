import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StoreError } from "../store-error.ts";
import { fromMessage, type Report, type ThreadOptions } from "./messages.ts";
import type { Method } from "./operations.ts";
import type { Request } from "./thread.ts";

/** Beside this file, and called as it is: `.ts` in the sources, `.js` in the package. */
const THREAD = new URL(`./thread${extname(import.meta.filename)}`, import.meta.url);

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's end of the thread that owns the database. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #opening = Promise.withResolvers<this>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #refusal: Error | undefined;

  constructor(options: ThreadOptions) {
    // Without the process's own flags: what it preloads is meant for the main thread.
    this.#worker = new Worker(THREAD, { workerData: options, execArgv: [], name: "headgate-store" });
    this.#worker.on("message", (report: Report) => this.#hear(report));
    this.#worker.on("error", (error: Error) =>
      this.#refuse(new StoreError("store_closed", `the store's thread failed: ${error.message}`, { cause: error })),
    );
    this.#worker.on("exit", () => {
      this.#refuse(new StoreError("store_closed", "the store is closed"));
      this.#ended.resolve();
    });
  }

  /** Resolves once the thread owns the directory. Rejects with a `StoreError`; then the thread ends by itself. */
  opened(): Promise<this> {
    return this.#opening.promise;
  }

  call<T>(method: Method, args: readonly unknown[]): Promise<T> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const id = ++this.#lastId;
    this.#waiting.set(id, { resolve, reject });
    this.#say({ id, method, args });
    return promise;
  }

  /** Ends it behind the calls that were made before. */
  close(): Promise<void> {
    this.#say("close");
    return this.#ended.promise;
  }

  #say(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case "opened":
        return this.#opening.resolve(this);
      case "refused":
        return this.#refuse(fromMessage(report.error));
      case "answered":
        return this.#settled(report.id)?.resolve(report.value as never);
      case "failed":
        return this.#settled(report.id)?.reject(fromMessage(report.error));
    }
  }

  #settled(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #refuse(error: Error): void {
    this.#refusal ??= error;
    this.#opening.reject(this.#refusal);
    for (const { reject } of this.#waiting.values()) reject(this.#refusal);
    this.#waiting.clear();
  }
}
