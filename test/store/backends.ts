import { rmSync } from "node:fs";
import type { Blobs } from "../../src/store/blobs.ts";
import { createDataStore } from "../../src/store/data-store.ts";
import type { Store } from "../../src/store/store.ts";
import { MemoryBlobs } from "../../src/testing/memory-blobs.ts";
import { emptyMemoryData, MemoryStore } from "../../src/testing/memory-store.ts";
import { openDirectly } from "./direct-store.ts";
import { quickDirectory } from "./directories.ts";

/** A store with its blobs, as a test uses it. */
export interface Opened {
  readonly store: Store;
  readonly blobs: Blobs;
  /** Closes it and opens what it left behind, as the next process would. */
  reopen(): Promise<Opened>;
  /** Closes it, and removes what it left behind. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Backend {
  readonly name: string;
  open(): Opened;
}

const memory: Backend = {
  name: "in memory",
  open() {
    const data = emptyMemoryData();
    const blobs = new MemoryBlobs();
    const onData = (): Opened => {
      const store = new MemoryStore(data);
      return {
        store,
        blobs,
        async reopen() {
          await store.close();
          return onData();
        },
        [Symbol.asyncDispose]: () => store.close(),
      };
    };
    return onData();
  },
};

/** A store on a new directory, which the last one who opened it removes. */
function onDisk(name: string, open: (directory: string) => { readonly store: Store; readonly blobs: Blobs }): Backend {
  return {
    name,
    open() {
      const directory = quickDirectory();
      const onDirectory = (): Opened => {
        const { store, blobs } = open(directory);
        return {
          store,
          blobs,
          async reopen() {
            await store.close();
            return onDirectory();
          },
          async [Symbol.asyncDispose]() {
            await store.close();
            rmSync(directory, { recursive: true, force: true });
          },
        };
      };
      return onDirectory();
    },
  };
}

const direct = onDisk("in SQLite", openDirectly);

/** As it is used. A thread is started each time, so only a part of the tests runs on it. */
export const IN_ITS_THREAD: Backend = onDisk("in SQLite, in its thread", (directory) =>
  createDataStore({ directory, minFreeBytes: 0 }),
);

/** Whatever is promised of a store holds for each of these. */
export const BACKENDS: readonly Backend[] = [memory, direct];
