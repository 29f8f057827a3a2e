import { existsSync } from "node:fs";
import { join } from "node:path";
import { MIN_FREE_BYTES } from "../free-space.ts";
import { StoreError } from "../store-error.ts";
import type { Store } from "../store.ts";
import { EMPTY } from "./empty-answers.ts";
import { DATABASE_FILE } from "./open-database.ts";
import type { Method } from "./operations.ts";
import { StoreThread } from "./store-thread.ts";

export interface SqliteStoreOptions {
  /** Absolute. Made at the first write, with mode 0700, not before. On a local disk: the locks of network file systems do not hold. */
  readonly directory: string;
  /**
   * New files and batches are refused while less than this is free; results of accepted ones are still written.
   *
   * @defaultValue 268_435_456
   */
  readonly minFreeBytes?: number | undefined;
}

/**
 * The store in a SQLite database, `headgate.db` in the data directory. Making it touches nothing: until something was written once, it
 * answers as an empty store and makes no file, and the directory belongs to nobody. The process that uses it first owns it until `close`
 * or its end.
 */
export class SqliteStore implements Store {
  readonly #directory: string;
  readonly #minFreeBytes: number;
  #thread: Promise<StoreThread> | undefined;
  #closed = false;

  constructor({ directory, minFreeBytes = MIN_FREE_BYTES }: SqliteStoreOptions) {
    this.#directory = directory;
    this.#minFreeBytes = minFreeBytes;
  }

  /** Takes the directory, and makes it where it is missing. For what is written beside the database. */
  async own(): Promise<void> {
    await this.#open();
  }

  addFile(...args: Parameters<Store["addFile"]>): ReturnType<Store["addFile"]> {
    return this.#call("addFile", args);
  }

  file(...args: Parameters<Store["file"]>): ReturnType<Store["file"]> {
    return this.#call("file", args);
  }

  files(...args: Parameters<Store["files"]>): ReturnType<Store["files"]> {
    return this.#call("files", args);
  }

  removeFile(...args: Parameters<Store["removeFile"]>): ReturnType<Store["removeFile"]> {
    return this.#call("removeFile", args);
  }

  removeExpiredFiles(...args: Parameters<Store["removeExpiredFiles"]>): ReturnType<Store["removeExpiredFiles"]> {
    return this.#call("removeExpiredFiles", args);
  }

  unusedBlobs(...args: Parameters<Store["unusedBlobs"]>): ReturnType<Store["unusedBlobs"]> {
    return this.#call("unusedBlobs", args);
  }

  createBatch(...args: Parameters<Store["createBatch"]>): ReturnType<Store["createBatch"]> {
    return this.#call("createBatch", args);
  }

  batch(...args: Parameters<Store["batch"]>): ReturnType<Store["batch"]> {
    return this.#call("batch", args);
  }

  batches(...args: Parameters<Store["batches"]>): ReturnType<Store["batches"]> {
    return this.#call("batches", args);
  }

  openBatches(...args: Parameters<Store["openBatches"]>): ReturnType<Store["openBatches"]> {
    return this.#call("openBatches", args);
  }

  addLines(...args: Parameters<Store["addLines"]>): ReturnType<Store["addLines"]> {
    return this.#call("addLines", args);
  }

  start(...args: Parameters<Store["start"]>): ReturnType<Store["start"]> {
    return this.#call("start", args);
  }

  fail(...args: Parameters<Store["fail"]>): ReturnType<Store["fail"]> {
    return this.#call("fail", args);
  }

  setPaused(...args: Parameters<Store["setPaused"]>): ReturnType<Store["setPaused"]> {
    return this.#call("setPaused", args);
  }

  end(...args: Parameters<Store["end"]>): ReturnType<Store["end"]> {
    return this.#call("end", args);
  }

  settle(...args: Parameters<Store["settle"]>): ReturnType<Store["settle"]> {
    return this.#call("settle", args);
  }

  nextRetryAt(...args: Parameters<Store["nextRetryAt"]>): ReturnType<Store["nextRetryAt"]> {
    return this.#call("nextRetryAt", args);
  }

  finalize(...args: Parameters<Store["finalize"]>): ReturnType<Store["finalize"]> {
    return this.#call("finalize", args);
  }

  results(...args: Parameters<Store["results"]>): ReturnType<Store["results"]> {
    return this.#call("results", args);
  }

  finish(...args: Parameters<Store["finish"]>): ReturnType<Store["finish"]> {
    return this.#call("finish", args);
  }

  removeEndedBatches(...args: Parameters<Store["removeEndedBatches"]>): ReturnType<Store["removeEndedBatches"]> {
    return this.#call("removeEndedBatches", args);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.close();
  }

  async #call<T>(method: Method, args: readonly unknown[]): Promise<T> {
    const empty = EMPTY[method] as ((...rest: readonly unknown[]) => T) | undefined;
    if (empty !== undefined && this.#neverUsed()) return empty(...args);
    const thread = await this.#open();
    return thread.call(method, args);
  }

  #neverUsed(): boolean {
    this.#requireOpen();
    return this.#thread === undefined && !existsSync(join(this.#directory, DATABASE_FILE));
  }

  #open(): Promise<StoreThread> {
    this.#requireOpen();
    if (this.#thread !== undefined) return this.#thread;
    const opening = new StoreThread({ directory: this.#directory, minFreeBytes: this.#minFreeBytes }).opened();
    this.#thread = opening;
    // What stood in the way (another process, a full disk) may be gone at the next call.
    opening.catch(() => {
      this.#thread = undefined;
    });
    return opening;
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError("store_closed", "the store is closed");
  }
}
