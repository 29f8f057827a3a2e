import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { StoreError } from "../store-error.ts";
import { createPrivately } from "./private-file.ts";
import { SQLITE_BUSY, sqliteCode } from "./sqlite-error.ts";

/**
 * Takes the data directory for this process. The lock is a transaction that stays open in a second, empty database: the operating
 * system drops it with the process, however that ends, so there is no stale lock file; and the data itself stays free to be read, so
 * that `sqlite3 headgate.db ".backup FILE"` works while Headgate runs.
 *
 * @returns Gives the directory free.
 * @throws {StoreError} `store_in_use`
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "headgate.lock");
  createPrivately(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (sqliteCode(error) !== SQLITE_BUSY) throw error;
    throw new StoreError(
      "store_in_use",
      `another Headgate uses ${directory}; stop it, or give this one a directory of its own with --data DIR`,
    );
  }
  return () => lock.close();
}
