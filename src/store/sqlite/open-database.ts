import { join } from "node:path";
import { makeDirectory } from "../sync-directory.ts";
import { sweepUnfinishedBlobs } from "../unfinished-blobs.ts";
import { releaseClaims } from "./claims.ts";
import { Database } from "./database.ts";
import { checkHeader, checkVersion } from "./header.ts";
import { lockDirectory } from "./lock.ts";
import { createPrivately } from "./private-file.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

export const DATABASE_FILE = "headgate.db";

/** A database that this process owns. */
export interface OwnedDatabase {
  readonly db: Database;
  readonly epoch: number;
  close(): void;
}

/**
 * Opens the store of a data directory for this process alone, and makes both where they are missing. What the last owner left behind is
 * put in order: its claims are pending again, its half-written blobs are gone.
 *
 * @throws {StoreError} Then nothing was changed.
 */
export function openDatabase(directory: string): OwnedDatabase {
  makeDirectory(directory);
  const unlock = lockDirectory(directory);
  try {
    const path = join(directory, DATABASE_FILE);
    createPrivately(path);
    checkHeader(path);
    const db = new Database(path);
    try {
      // Once more by SQLite, which also knows what is still in the journal.
      checkVersion(path, db.pragma("application_id") as number, db.pragma("user_version") as number);
      makeDurable(db);
      migrate(db);
      const epoch = beginEpoch(db);
      requireDurable(db);
      sweepUnfinishedBlobs(directory);
      return {
        db,
        epoch,
        close() {
          db.close();
          unlock();
        },
      };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * In WAL mode FULL syncs at each commit; NORMAL would lose the last commits in a power cut. On a Mac a plain fsync stops at the drive's
 * cache, so SQLite is asked for the full one, which Node itself uses for files. The journal of one long transaction gives its space back.
 */
function makeDurable(db: Database): void {
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864");
  db.exec("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
}

/** A build of SQLite may fall back to NORMAL at the first write in WAL mode (better-sqlite3's does), so it is asked only now. */
function requireDurable(db: Database): void {
  const [journal, synchronous] = [db.pragma("journal_mode"), db.pragma("synchronous")];
  if (journal !== "wal" || synchronous !== 2) {
    throw new Error(
      `SQLite writes with journal_mode ${String(journal)} and synchronous ${String(synchronous)}, not WAL and FULL`,
    );
  }
}

function migrate(db: Database): void {
  const version = db.pragma("user_version") as number;
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.transaction(() => {
      db.exec(migration);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}`);
    });
  }
  // Into the file's own header, where an older Headgate looks before it touches anything.
  if (version < MIGRATIONS.length) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

function beginEpoch(db: Database): number {
  return db.transaction(() => {
    releaseClaims(db);
    db.run("UPDATE owner SET epoch = epoch + 1, pid = ?", process.pid);
    return db.get("SELECT epoch FROM owner")?.["epoch"] as number;
  });
}
