import type { ClaimedLine } from "../line-record.ts";
import type { Database } from "./database.ts";

/** Gives back to the queue what a process that is gone had claimed. The attempt stays counted: it may be what took the process down. */
export function releaseClaims(db: Database): void {
  db.run("UPDATE line SET state = 0 WHERE state = 2");
}

/** Takes up to `limit` lines: nearest deadline first, within a batch by group and place. */
export function claimLines(db: Database, limit: number, nowMs: number): ClaimedLine[] {
  const claimed: ClaimedLine[] = [];
  if (limit <= 0) return claimed;
  // A line that is due joins the queue once, so that a claim never looks at the thousands that are not.
  db.run("UPDATE line SET state = 0, retry_at = NULL WHERE state = 1 AND retry_at <= ?", nowMs);
  for (const batch of db.all(
    `SELECT seq, id AS "batchId", tenant, endpoint, priority, expires_at AS "expiresAt", input_blob AS "inputBlob" FROM batch
     WHERE ended_at IS NULL AND status = 'in_progress' AND ending IS NULL AND paused = 0 ORDER BY expires_at, seq`,
  )) {
    const { seq, ...shared } = batch;
    for (const line of db.all(
      `SELECT n, custom_id AS "customId", offset, length, attempt + 1 AS attempt FROM line
       WHERE batch = ? AND state = 0 ORDER BY grp, n LIMIT ?`,
      seq as number,
      limit - claimed.length,
    )) {
      db.run(
        "UPDATE line SET state = 2, attempt = attempt + 1 WHERE batch = ? AND n = ?",
        seq as number,
        line["n"] as number,
      );
      claimed.push({ ...shared, ...line } as unknown as ClaimedLine);
    }
    if (claimed.length === limit) break;
  }
  return claimed;
}

export function nextRetryAt(db: Database): number | undefined {
  const at = db.get("SELECT min(retry_at) AS at FROM line WHERE state = 1")?.["at"];
  return at === null ? undefined : (at as number);
}
