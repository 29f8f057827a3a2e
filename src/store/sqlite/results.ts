import type { SQLInputValue } from "node:sqlite";
import type { BatchEnding } from "../batch-record.ts";
import { hasEnded } from "../batch-life.ts";
import { neverRan } from "../line-outcome.ts";
import type { LineOutcome, LineResult } from "../line-record.ts";
import { knownBatch } from "./batch-rows.ts";
import type { Database } from "./database.ts";

/** A page ends behind the answer that fills this, so that a page of any answers fits into memory. In UTF-16 units. */
const PAGE_LENGTH = 4 * 1024 * 1024;

const STATES = {
  output: "l.state = 3",
  error: "l.state = 4",
  errorAndNeverRan: "l.state IN (0, 1, 4)",
};

export function results(
  db: Database,
  id: string,
  query: { readonly which: "output" | "error"; readonly after: number; readonly limit: number },
): readonly LineResult[] {
  const { seq, batch } = knownBatch(db, id);
  // What is still to be dropped is no result any more.
  if (hasEnded(batch)) return [];
  const states = query.which === "error" && batch.finalizingAt !== null ? STATES.errorAndNeverRan : STATES[query.which];
  const found: LineResult[] = [];
  let length = 0;
  for (const row of db.each(
    `SELECT o.*, l.n, l.custom_id, l.state FROM line l LEFT JOIN outcome o ON o.batch = l.batch AND o.n = l.n
     WHERE l.batch = ? AND l.n > ? AND ${states} ORDER BY l.n LIMIT ?`,
    seq,
    query.after,
    query.limit,
  )) {
    const outcome = toOutcome(row, batch.ending);
    found.push({ n: row["n"] as number, customId: row["custom_id"] as string, outcome });
    if (outcome.kind === "answered") length += outcome.body.length;
    if (length >= PAGE_LENGTH) break;
  }
  return found;
}

function toOutcome(row: Record<string, SQLInputValue>, ending: BatchEnding | null): LineOutcome {
  if ((row["state"] as number) < 3) return neverRan(ending);
  if (row["status_code"] === null) {
    return { kind: "unanswered", code: row["code"] as string, message: row["message"] as string };
  }
  return {
    kind: "answered",
    statusCode: row["status_code"] as number,
    requestId: row["request_id"] as string,
    body: row["body"] as string,
    usage: {
      input: row["input_tokens"] as number,
      cached: row["cached_tokens"] as number,
      output: row["output_tokens"] as number,
      reasoning: row["reasoning_tokens"] as number,
    },
  };
}
