import type { Database } from "./database.ts";

/** Few enough that a call which comes in meanwhile hardly waits. */
const PIECE = 250;

/**
 * Puts the lines of a batch that ended down to be dropped. Nobody sees them any more; to drop a gigabyte of answers at once would
 * hold up every other batch for seconds.
 */
export function leaveBehind(db: Database, seq: number): void {
  db.run("INSERT INTO leftover (batch) VALUES (?)", seq);
  // None of them is due at any time any more.
  db.run("UPDATE line SET state = 0, retry_at = NULL WHERE batch = ? AND state = 1", seq);
}

export function hasLeftovers(db: Database): boolean {
  return db.get("SELECT 1 FROM leftover LIMIT 1") !== undefined;
}

/** Drops a piece of what was left behind. */
export function dropSome(db: Database): void {
  const seq = db.get("SELECT batch FROM leftover LIMIT 1")?.["batch"];
  if (seq === undefined) return;
  for (const table of ["outcome", "line"]) {
    const dropped = db.run(
      `DELETE FROM ${table} WHERE batch = ?1 AND n IN (SELECT n FROM ${table} WHERE batch = ?1 LIMIT ${PIECE})`,
      seq,
    );
    if (dropped > 0) return;
  }
  db.run("DELETE FROM leftover WHERE batch = ?", seq);
}
