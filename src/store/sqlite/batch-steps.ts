import type { BatchEnding, BatchRecord, InputError } from "../batch-record.ts";
import { ending, failed, finalizing, finished, hasEnded, isValidating, pausedOrNot, started } from "../batch-life.ts";
import type { FileRecord } from "../file-record.ts";
import type { NewLine } from "../line-record.ts";
import { batchById, type BatchRow, knownBatch, saveBatch } from "./batch-rows.ts";
import type { Database } from "./database.ts";
import { addFile } from "./file-rows.ts";
import { leaveBehind } from "./leftovers.ts";

export function addLines(db: Database, id: string, lines: readonly NewLine[]): void {
  const { seq, batch } = knownBatch(db, id);
  if (!isValidating(batch)) return;
  for (const { n, customId, offset, length, group } of lines) {
    db.run(
      "INSERT INTO line (batch, n, custom_id, offset, length, grp) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      seq,
      n,
      customId,
      offset,
      length,
      group,
    );
  }
}

export function start(
  db: Database,
  id: string,
  facts: { readonly total: number; readonly model: string | null; readonly now: number },
): BatchRecord {
  const row = knownBatch(db, id);
  return write(db, row, started(row.batch, facts));
}

export function fail(db: Database, id: string, errors: readonly InputError[], now: number): BatchRecord {
  const row = knownBatch(db, id);
  const next = failed(row.batch, errors, now);
  if (next !== row.batch) dropLines(db, row.seq);
  return write(db, row, next);
}

export function setPaused(db: Database, tenant: string, id: string, paused: boolean): BatchRecord | undefined {
  const row = batchById(db, id);
  return row?.batch.tenant === tenant ? write(db, row, pausedOrNot(row.batch, paused)) : undefined;
}

export function end(
  db: Database,
  id: string,
  how: Exclude<BatchEnding, "completed">,
  now: number,
): BatchRecord | undefined {
  const row = batchById(db, id);
  if (row === undefined) return undefined;
  // What validation found so far is not the whole input: a list of lines that never ran would be a wrong one.
  if (isValidating(row.batch)) dropLines(db, row.seq);
  return write(db, row, ending(row.batch, how, now));
}

export function finalize(
  db: Database,
  id: string,
  ids: { readonly outputFileId: string; readonly errorFileId: string; readonly now: number },
): BatchRecord {
  const row = knownBatch(db, id);
  const waits =
    has(db, "SELECT 1 FROM line WHERE batch = ? AND state = 0", row.seq) ||
    has(db, "SELECT 1 FROM line WHERE batch = ? AND state = 1", row.seq);
  const inFlight = has(db, "SELECT 1 FROM line WHERE batch = ? AND state = 2", row.seq);
  const open = inFlight || (waits && row.batch.ending === null);
  return write(db, row, finalizing(row.batch, { open, neverRan: waits }, ids));
}

export function finish(db: Database, id: string, files: readonly FileRecord[], now: number): BatchRecord {
  const row = knownBatch(db, id);
  if (hasEnded(row.batch)) return row.batch;
  const next = write(db, row, finished(row.batch, now));
  for (const file of files) addFile(db, file);
  leaveBehind(db, row.seq);
  return next;
}

function write(db: Database, { seq, batch }: BatchRow, next: BatchRecord): BatchRecord {
  if (next !== batch) saveBatch(db, seq, next);
  return next;
}

function dropLines(db: Database, seq: number): void {
  db.run("DELETE FROM outcome WHERE batch = ?", seq);
  db.run("DELETE FROM line WHERE batch = ?", seq);
}

function has(db: Database, sql: string, seq: number): boolean {
  return db.get(`${sql} LIMIT 1`, seq) !== undefined;
}
