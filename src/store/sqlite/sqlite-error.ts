import { asStoreFull, storeFull } from "../free-space.ts";
import { StoreError } from "../store-error.ts";

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
export const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** IOERR, CORRUPT and NOTADB. */
const UNUSABLE: ReadonlySet<number> = new Set([10, 11, 26]);

/** The primary result code behind an error of node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** What a caller of the store is told about it. An error of ours, or in the call itself, is told as it is. */
export function toStoreError(directory: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return asStoreFull(directory, error);
  if (code === SQLITE_FULL) return storeFull(directory, "the disk is full", error);
  if (!UNUSABLE.has(code)) return error;
  const message = `the database in ${directory} cannot be used: ${(error as Error).message}`;
  return new StoreError("store_damaged", message, { cause: error });
}
