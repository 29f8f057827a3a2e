import { closeSync, openSync, readSync } from "node:fs";
import { StoreError } from "../store-error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

const MAGIC = "SQLite format 3\0";

/**
 * Looks at a database file without SQLite, which would already write beside it (and fold a journal of somebody else's into it).
 *
 * @throws {StoreError} `store_damaged` for a file that is not ours, `store_newer` for one of a later schema.
 */
export function checkHeader(path: string): void {
  // https://www.sqlite.org/fileformat.html#the_database_header
  const header = Buffer.alloc(100);
  const handle = openSync(path, "r");
  let read: number;
  try {
    read = readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  // Empty: we were just creating it, perhaps in a life before.
  if (read === 0) return;
  if (read < header.length || header.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new StoreError(
      "store_damaged",
      `${path} is no database; move it away, or use another directory with --data DIR`,
    );
  }
  checkVersion(path, header.readUInt32BE(68), header.readUInt32BE(60));
}

/** @throws {StoreError} as `checkHeader` does. */
export function checkVersion(path: string, applicationId: number, version: number): void {
  // Both 0: created, and a crash came before the first migration was written.
  if (applicationId === 0 && version === 0) return;
  if (applicationId !== APPLICATION_ID) {
    throw new StoreError("store_damaged", `${path} belongs to another program; use another directory with --data DIR`);
  }
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      "store_newer",
      `${path} was written by a newer Headgate (schema ${version}, this one knows ${MIGRATIONS.length}); start that one, or use another directory with --data DIR`,
    );
  }
}
