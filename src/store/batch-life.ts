/**
 * The life of a batch as pure steps, the same for every backend:
 *
 *     validating ──▶ in_progress ──▶ finalizing ──▶ completed | expired
 *       │    └──────────┬───┘
 *       ▼               ▼
 *     failed        cancelling ──▶ cancelled
 *
 * A step that does not apply answers the very record that it was given, so that a backend knows there is nothing to write.
 */
import type { BatchEnding, BatchRecord, BatchStatus, InputError, NewBatch } from "./batch-record.ts";
import { StoreError } from "./store-error.ts";

const ENDED: ReadonlySet<BatchStatus> = new Set(["completed", "failed", "expired", "cancelled"]);

export function hasEnded(batch: BatchRecord): boolean {
  return ENDED.has(batch.status);
}

/** Whether an outcome may still be recorded for one of its lines. */
export function takesOutcomes(batch: Pick<BatchRecord, "status" | "finalizingAt">): boolean {
  return batch.finalizingAt === null && (batch.status === "in_progress" || batch.status === "cancelling");
}

/** Whether its lines may be given to the runner. */
export function isClaimable(batch: BatchRecord): boolean {
  return batch.status === "in_progress" && batch.ending === null && !batch.paused;
}

/** When it came to its last state, null before. */
export function endedAt(batch: BatchRecord): number | null {
  return batch.completedAt ?? batch.failedAt ?? batch.expiredAt ?? batch.cancelledAt;
}

export function created(batch: NewBatch): BatchRecord {
  return {
    ...batch,
    status: "validating",
    ending: null,
    paused: false,
    model: null,
    errors: [],
    outputFileId: null,
    errorFileId: null,
    inProgressAt: null,
    finalizingAt: null,
    completedAt: null,
    failedAt: null,
    expiredAt: null,
    cancellingAt: null,
    cancelledAt: null,
    total: 0,
    completed: 0,
    failed: 0,
    usage: { input: 0, cached: 0, output: 0, reasoning: 0 },
  };
}

/** Whether lines may still be added. */
export function isValidating(batch: BatchRecord): boolean {
  return batch.status === "validating" && batch.ending === null;
}

export function started(
  batch: BatchRecord,
  facts: { readonly total: number; readonly model: string | null; readonly now: number },
): BatchRecord {
  if (!isValidating(batch)) return batch;
  return { ...batch, status: "in_progress", inProgressAt: facts.now, total: facts.total, model: facts.model };
}

export function failed(batch: BatchRecord, errors: readonly InputError[], now: number): BatchRecord {
  return isValidating(batch) ? { ...batch, status: "failed", failedAt: now, errors } : batch;
}

export function pausedOrNot(batch: BatchRecord, paused: boolean): BatchRecord {
  return hasEnded(batch) || batch.paused === paused ? batch : { ...batch, paused };
}

export function ending(batch: BatchRecord, how: Exclude<BatchEnding, "completed">, now: number): BatchRecord {
  if (batch.ending !== null || hasEnded(batch)) return batch;
  if (how === "expired") return { ...batch, ending: how };
  return { ...batch, ending: how, status: "cancelling", cancellingAt: now };
}

/** `open`: whether a line is in flight, or may still run. Only what `neverRan` counts is known to the lines alone. */
export function finalizing(
  batch: BatchRecord,
  lines: { readonly open: boolean; readonly neverRan: boolean },
  ids: { readonly outputFileId: string; readonly errorFileId: string; readonly now: number },
): BatchRecord {
  if (lines.open || batch.finalizingAt !== null || hasEnded(batch) || isValidating(batch)) return batch;
  return {
    ...batch,
    ending: batch.ending ?? "completed",
    status: batch.status === "cancelling" ? "cancelling" : "finalizing",
    finalizingAt: ids.now,
    outputFileId: batch.completed > 0 ? ids.outputFileId : null,
    errorFileId: batch.failed > 0 || lines.neverRan ? ids.errorFileId : null,
  };
}

/**
 * @throws {StoreError} `unknown_batch` where finalizing has not begun: then its results would be dropped unread.
 */
export function finished(batch: BatchRecord, now: number): BatchRecord {
  if (hasEnded(batch)) return batch;
  if (batch.finalizingAt === null) throw new StoreError("unknown_batch", `${batch.id} is not being finalized`);
  switch (batch.ending) {
    case "expired":
      return { ...batch, status: "expired", expiredAt: now };
    case "cancelled":
      return { ...batch, status: "cancelled", cancelledAt: now };
    case "completed":
    case null:
      return { ...batch, status: "completed", completedAt: now };
  }
}
