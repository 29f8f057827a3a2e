import { BlobDirectory } from "./blob-directory.ts";
import type { Blobs } from "./blobs.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

/**
 * The store and the blobs of a data directory. Nothing is touched before the first use: neither directory nor thread is made, and a
 * directory in which nothing was ever stored reads as empty. Whichever of the two is written to first takes the directory for this
 * process; `store.close()` gives it back.
 */
export function createDataStore(options: SqliteStoreOptions): { readonly store: Store; readonly blobs: Blobs } {
  const store = new SqliteStore(options);
  return { store, blobs: new BlobDirectory({ ...options, own: () => store.own() }) };
}
