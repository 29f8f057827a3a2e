import type { SQLInputValue } from "node:sqlite";
import type { BatchRecord, NewBatch } from "../batch-record.ts";
import { created, endedAt } from "../batch-life.ts";
import { StoreError } from "../store-error.ts";
import type { Idempotency, Page, PageQuery } from "../store.ts";
import type { Database } from "./database.ts";
import { page } from "./page.ts";

/** A batch and the number that its lines know it by. */
export interface BatchRow {
  readonly seq: number;
  readonly batch: BatchRecord;
}

type Columns = Readonly<Record<string, SQLInputValue>>;

export function batchById(db: Database, id: string): BatchRow | undefined {
  const row = db.get("SELECT * FROM batch WHERE id = ?", id);
  return row === undefined ? undefined : { seq: row["seq"] as number, batch: toBatch(row) };
}

/** @throws {StoreError} `unknown_batch` */
export function knownBatch(db: Database, id: string): BatchRow {
  const row = batchById(db, id);
  if (row === undefined) throw new StoreError("unknown_batch", `there is no batch ${id}`);
  return row;
}

export function batchOfTenant(db: Database, tenant: string, id: string): BatchRecord | undefined {
  const found = batchById(db, id)?.batch;
  return found?.tenant === tenant ? found : undefined;
}

export function batches(db: Database, tenant: string, query: PageQuery): Page<BatchRecord> {
  const { items, hasMore } = page(db, { table: "batch", columns: "*", tenant, query });
  return { items: items.map(toBatch), hasMore };
}

export function openBatches(db: Database): readonly BatchRecord[] {
  return db.all("SELECT * FROM batch WHERE ended_at IS NULL ORDER BY expires_at, seq").map(toBatch);
}

export function createBatch(db: Database, batch: NewBatch, idempotency?: Idempotency): BatchRecord {
  if (idempotency !== undefined) {
    db.run("DELETE FROM idempotency WHERE until < ?", batch.createdAt);
    const earlier = db.get(
      "SELECT i.fingerprint, b.id FROM idempotency i JOIN batch b ON b.seq = i.batch WHERE i.tenant = ? AND i.key = ?",
      batch.tenant,
      idempotency.key,
    );
    if (earlier !== undefined) {
      if (earlier["fingerprint"] === idempotency.fingerprint) return knownBatch(db, earlier["id"] as string).batch;
      throw new StoreError("idempotency_conflict", "this idempotency key was used for another request");
    }
  }
  const record = created(batch);
  const columns = { ...fixedColumns(batch), ...changingColumns(record) };
  const names = Object.keys(columns);
  db.run(
    `INSERT INTO batch (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    ...Object.values(columns),
  );
  if (idempotency !== undefined) {
    db.run(
      "INSERT INTO idempotency SELECT ?, ?, ?, seq, ? FROM batch WHERE id = ?",
      batch.tenant,
      idempotency.key,
      idempotency.fingerprint,
      idempotency.until,
      batch.id,
    );
  }
  return record;
}

/** Writes what a step of its life changed. Counts of outcomes are not among that: they are added up where outcomes are recorded. */
export function saveBatch(db: Database, seq: number, batch: BatchRecord): void {
  const columns = changingColumns(batch);
  const assignments = Object.keys(columns).map((name) => `${name} = ?`);
  db.run(`UPDATE batch SET ${assignments.join(", ")} WHERE seq = ?`, ...Object.values(columns), seq);
}

export function removeEndedBatches(db: Database, before: number): number {
  return db.run("DELETE FROM batch WHERE ended_at < ?", before);
}

function fixedColumns(batch: NewBatch): Columns {
  return {
    id: batch.id,
    tenant: batch.tenant,
    endpoint: batch.endpoint,
    input_file_id: batch.inputFileId,
    input_blob: batch.inputBlob,
    completion_window: batch.completionWindow,
    metadata: batch.metadata === null ? null : JSON.stringify(batch.metadata),
    output_expires_after: batch.outputExpiresAfter,
    priority: batch.priority,
    created_at: batch.createdAt,
    expires_at: batch.expiresAt,
  };
}

function changingColumns(batch: BatchRecord): Columns {
  return {
    status: batch.status,
    ending: batch.ending,
    paused: batch.paused ? 1 : 0,
    model: batch.model,
    errors: JSON.stringify(batch.errors),
    output_file_id: batch.outputFileId,
    error_file_id: batch.errorFileId,
    in_progress_at: batch.inProgressAt,
    finalizing_at: batch.finalizingAt,
    ended_at: endedAt(batch),
    cancelling_at: batch.cancellingAt,
    total: batch.total,
  };
}

function toBatch(row: Columns): BatchRecord {
  const { status } = row as { readonly status: BatchRecord["status"] };
  const endedIn = (last: BatchRecord["status"]): number | null =>
    status === last ? (row["ended_at"] as number) : null;
  const metadata = row["metadata"] as string | null;
  return {
    id: row["id"] as string,
    tenant: row["tenant"] as string,
    endpoint: row["endpoint"] as string,
    inputFileId: row["input_file_id"] as string,
    inputBlob: row["input_blob"] as string,
    completionWindow: row["completion_window"] as string,
    metadata: metadata === null ? null : (JSON.parse(metadata) as BatchRecord["metadata"]),
    outputExpiresAfter: row["output_expires_after"] as number | null,
    priority: row["priority"] as number,
    createdAt: row["created_at"] as number,
    expiresAt: row["expires_at"] as number,
    status,
    ending: row["ending"] as BatchRecord["ending"],
    paused: row["paused"] === 1,
    model: row["model"] as string | null,
    errors: JSON.parse(row["errors"] as string) as BatchRecord["errors"],
    outputFileId: row["output_file_id"] as string | null,
    errorFileId: row["error_file_id"] as string | null,
    inProgressAt: row["in_progress_at"] as number | null,
    finalizingAt: row["finalizing_at"] as number | null,
    completedAt: endedIn("completed"),
    failedAt: endedIn("failed"),
    expiredAt: endedIn("expired"),
    cancellingAt: row["cancelling_at"] as number | null,
    cancelledAt: endedIn("cancelled"),
    total: row["total"] as number,
    completed: row["completed"] as number,
    failed: row["failed"] as number,
    usage: {
      input: row["input_tokens"] as number,
      cached: row["cached_tokens"] as number,
      output: row["output_tokens"] as number,
      reasoning: row["reasoning_tokens"] as number,
    },
  };
}
