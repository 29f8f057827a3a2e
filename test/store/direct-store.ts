import { BlobDirectory } from "../../src/store/blob-directory.ts";
import type { Blobs } from "../../src/store/blobs.ts";
import { GroupCommit } from "../../src/store/sqlite/group-commit.ts";
import { openDatabase } from "../../src/store/sqlite/open-database.ts";
import { type Method, OPERATIONS } from "../../src/store/sqlite/operations.ts";
import { StoreError } from "../../src/store/store-error.ts";
import type { Store } from "../../src/store/store.ts";

/**
 * The store in SQLite as its thread runs it, without the thread: starting one takes longer than most tests. What crosses over to a thread
 * is a copy, so it is one here.
 */
export function openDirectly(directory: string): { readonly store: Store; readonly blobs: Blobs } {
  const owned = openDatabase(directory);
  const commits = new GroupCommit(owned, directory, 0);
  let closed = false;
  const call = async (method: Method, args: readonly unknown[]): Promise<unknown> => {
    if (closed) throw new StoreError("store_closed", "the store is closed");
    const [outcome] = commits.run([{ id: 1, method, args: structuredClone(args) }]);
    if (outcome === undefined || "error" in outcome) throw outcome?.error as Error;
    return structuredClone(outcome.value);
  };
  const methods = Object.keys(OPERATIONS).map((name) => {
    const method = name as Method;
    return [method, (...args: readonly unknown[]) => call(method, args)] as const;
  });
  const close = async (): Promise<void> => {
    if (!closed) owned.close();
    closed = true;
  };
  const store = { ...Object.fromEntries(methods), close } as unknown as Store;
  return { store, blobs: new BlobDirectory({ directory, own: async () => {}, minFreeBytes: 0 }) };
}
