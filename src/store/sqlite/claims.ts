import type { ClaimedLine } from "../line-record.ts";
import type { Database } from "./database.ts";

/** What each claim asks. An index answers each of them in its order, so that a claim costs the same among ten lines and among a million. */
export const CLAIM_QUERIES = {
  /** A line that is due joins the queue once, so that no claim looks at the thousands that are not. */
  makeDue: "UPDATE line SET state = 0, retry_at = NULL WHERE state = 1 AND retry_at <= ?",
  batches: `SELECT seq, id AS "batchId", tenant, endpoint, priority, expires_at AS "expiresAt", input_blob AS "inputBlob" FROM batch
    WHERE ended_at IS NULL AND status = 'in_progress' AND ending IS NULL AND paused = 0 ORDER BY expires_at, seq`,
  lines: `SELECT n, custom_id AS "customId", offset, length, attempt + 1 AS attempt FROM line
    WHERE batch = ? AND state = 0 ORDER BY grp, n LIMIT ?`,
  take: "UPDATE line SET state = 2, attempt = attempt + 1 WHERE batch = ? AND n = ?",
  nextRetryAt: "SELECT min(retry_at) AS at FROM line WHERE state = 1",
} as const;

/** Gives back to the queue what a process that is gone had claimed. The attempt stays counted: it may be what took the process down. */
export function releaseClaims(db: Database): void {
  db.run("UPDATE line SET state = 0 WHERE state = 2");
}

/** Takes up to `limit` lines: nearest deadline first, within a batch by group and place. */
export function claimLines(db: Database, limit: number, nowMs: number): ClaimedLine[] {
  const claimed: ClaimedLine[] = [];
  if (limit <= 0) return claimed;
  db.run(CLAIM_QUERIES.makeDue, nowMs);
  for (const { seq, ...shared } of db.all(CLAIM_QUERIES.batches)) {
    for (const line of db.all(CLAIM_QUERIES.lines, seq as number, limit - claimed.length)) {
      db.run(CLAIM_QUERIES.take, seq as number, line["n"] as number);
      claimed.push({ ...shared, ...line } as unknown as ClaimedLine);
    }
    if (claimed.length === limit) break;
  }
  return claimed;
}

export function nextRetryAt(db: Database): number | undefined {
  const at = db.get(CLAIM_QUERIES.nextRetryAt)?.["at"];
  return at === null ? undefined : (at as number);
}
