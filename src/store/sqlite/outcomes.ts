import { takesOutcomes } from "../batch-life.ts";
import { isSuccess } from "../line-outcome.ts";
import type { LineOutcome, Settlement } from "../line-record.ts";
import type { Database } from "./database.ts";

/** Records one settlement, and the batch's counters with it; false where it came too late. */
export function record(db: Database, settlement: Settlement): boolean {
  const row = openBatch(db, settlement.batchId);
  if (row === undefined) return false;
  const { n, attempt, result } = settlement;
  switch (result.kind) {
    case "retry":
      return changesClaimed(db, "state = 1, retry_at = ?", [result.retryAt, row.seq, n, attempt]);
    case "giveBack":
      return giveBack(db, [row.seq, n, attempt], result.notBefore);
    case "answered":
    case "unanswered":
      return isSuccess(result)
        ? succeeded(db, row.seq, n) && keep(db, row.seq, n, result)
        : changesClaimed(db, "state = ?", [4, row.seq, n, attempt]) && keep(db, row.seq, n, result);
  }
}

/** The number of a batch that takes outcomes. Only what that depends on is read: this is asked for every line. */
function openBatch(db: Database, id: string): { readonly seq: number } | undefined {
  const row = db.get(`SELECT seq, status, finalizing_at AS "finalizingAt" FROM batch WHERE id = ?`, id);
  if (row === undefined || !takesOutcomes(row as unknown as Parameters<typeof takesOutcomes>[0])) return undefined;
  return { seq: row["seq"] as number };
}

function giveBack(db: Database, line: readonly number[], notBefore: number | undefined): boolean {
  if (notBefore === undefined) return changesClaimed(db, "state = 0, attempt = attempt - 1", line);
  return changesClaimed(db, "state = 1, attempt = attempt - 1, retry_at = ?", [notBefore, ...line]);
}

/** Only the attempt that is in flight may say that a line failed: an older one's broken socket says nothing about it. */
function changesClaimed(db: Database, assignment: string, values: readonly number[]): boolean {
  return db.run(`UPDATE line SET ${assignment} WHERE batch = ? AND n = ? AND state = 2 AND attempt = ?`, ...values) > 0;
}

function succeeded(db: Database, seq: number, n: number): boolean {
  return db.run("UPDATE line SET state = 3, retry_at = NULL WHERE batch = ? AND n = ? AND state < 3", seq, n) > 0;
}

function keep(db: Database, seq: number, n: number, outcome: LineOutcome): true {
  const success = isSuccess(outcome) ? 1 : 0;
  if (outcome.kind === "unanswered") {
    db.run("INSERT INTO outcome (batch, n, code, message) VALUES (?, ?, ?, ?)", seq, n, outcome.code, outcome.message);
    db.run("UPDATE batch SET failed = failed + 1 WHERE seq = ?", seq);
    return true;
  }
  const { input, cached, output, reasoning } = outcome.usage;
  const answerColumns = [seq, n, outcome.statusCode, outcome.requestId, outcome.body, input, cached, output, reasoning];
  db.run(
    `INSERT INTO outcome (batch, n, status_code, request_id, body, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...answerColumns,
  );
  const sums = [success, 1 - success, input, cached, output, reasoning, seq];
  db.run(
    `UPDATE batch SET completed = completed + ?, failed = failed + ?, input_tokens = input_tokens + ?, cached_tokens = cached_tokens + ?,
     output_tokens = output_tokens + ?, reasoning_tokens = reasoning_tokens + ? WHERE seq = ?`,
    ...sums,
  );
  return true;
}
