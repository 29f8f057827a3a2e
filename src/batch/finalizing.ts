import { hasEnded } from "../store/batch-life.ts";
import type { BatchRecord } from "../store/batch-record.ts";
import type { Blobs } from "../store/blobs.ts";
import type { FileRecord } from "../store/file-record.ts";
import type { Store } from "../store/store.ts";
import type { BatchObserver } from "./batch-observer.ts";
import { DAY_SECONDS } from "./file-desk.ts";
import { newFileId } from "./ids.ts";
import { resultLine } from "./result-line.ts";

/** Few enough that a page of long answers stays small in memory. */
const LINES_PER_PAGE = 200;

export interface FinalizeMeans {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly retentionDays: number;
  /** Unix seconds. */
  readonly now: () => number;
  readonly observer: BatchObserver;
}

/**
 * Brings a batch whose lines are all over to its end: writes its files, then says so. A crash anywhere in between leaves it to be done
 * again, with the same ids and the same bytes.
 *
 * @returns the batch in its last state, or as it is while lines are open.
 */
export async function finalize(id: string, means: FinalizeMeans): Promise<BatchRecord> {
  const { store, now, observer } = means;
  const batch = await store.finalize(id, { outputFileId: newFileId(), errorFileId: newFileId(), now: now() });
  if (batch.finalizingAt === null || hasEnded(batch)) return batch;
  observer.finalizing?.(batch);
  const files: FileRecord[] = [];
  if (batch.outputFileId !== null) files.push(await write(batch, "output", means));
  if (batch.errorFileId !== null) files.push(await write(batch, "error", means));
  const ended = await store.finish(id, files, now());
  observer.ended?.(ended);
  return ended;
}

async function write(batch: BatchRecord, which: "output" | "error", means: FinalizeMeans): Promise<FileRecord> {
  const { store, blobs, retentionDays, now } = means;
  const id = which === "output" ? batch.outputFileId! : batch.errorFileId!;
  const writer = await blobs.create(id, { owed: true });
  try {
    let after = -1;
    for (;;) {
      const lines = await store.results(batch.id, { which, after, limit: LINES_PER_PAGE });
      if (lines.length === 0) break;
      await writer.write(Buffer.from(lines.map((line) => resultLine(batch.id, line)).join("")));
      after = lines.at(-1)!.n;
    }
    const bytes = await writer.commit();
    const createdAt = now();
    const filename = `${batch.id}_${which}.jsonl`;
    const expiresAt = createdAt + (batch.outputExpiresAfter ?? retentionDays * DAY_SECONDS);
    return { id, tenant: batch.tenant, filename, purpose: "batch_output", bytes, blob: id, createdAt, expiresAt };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
