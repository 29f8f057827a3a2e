import type { BatchEnding, BatchRecord, InputError, NewBatch } from "./batch-record.ts";
import type { FileRecord } from "./file-record.ts";
import type { ClaimedLine, LineResult, NewLine, Settlement } from "./line-record.ts";

/** One page of a list. `after` is the id of the last entry of the page before; an unknown one is refused (`unknown_cursor`). */
export interface PageQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  /** By creation; `desc` is newest first. */
  readonly order: "asc" | "desc";
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

/** A request that may be sent again by a client that did not hear the answer. */
export interface Idempotency {
  readonly key: string;
  /** Of the request: the same key with another one is refused (`idempotency_conflict`). */
  readonly fingerprint: string;
  /** Unix seconds after which the key is forgotten. */
  readonly until: number;
}

export interface Settled {
  /** For each settlement: false where it came too late, because the line had ended before. Then nothing was changed. */
  readonly accepted: readonly boolean[];
  readonly claimed: readonly ClaimedLine[];
}

/**
 * Durable state behind one port. When a call that writes resolves, what it wrote survives a kill and a power cut; when it rejects,
 * nothing of it was written. Reads see every write that resolved before. One process owns a store at a time.
 *
 * Every method may reject with a `StoreError`; ids of another tenant are treated as unknown.
 */
export interface Store {
  addFile(file: FileRecord): Promise<void>;
  file(tenant: string, id: string): Promise<FileRecord | undefined>;
  files(tenant: string, query: PageQuery & { readonly purpose?: string | undefined }): Promise<Page<FileRecord>>;
  /** False where there is none. The blob goes only when nothing else refers to it. */
  removeFile(tenant: string, id: string): Promise<boolean>;
  /** Removes the files that expired at or before `now`, and says how many. */
  removeExpiredFiles(now: number): Promise<number>;
  /** Which of these blobs nothing refers to: neither a file nor a batch that may still read it. */
  unusedBlobs(names: readonly string[]): Promise<readonly string[]>;

  /** Begins in `validating`. With a known idempotency key it answers the batch that was created then, and creates nothing. */
  createBatch(batch: NewBatch, idempotency?: Idempotency): Promise<BatchRecord>;
  batch(tenant: string, id: string): Promise<BatchRecord | undefined>;
  batches(tenant: string, query: PageQuery): Promise<Page<BatchRecord>>;
  /** Every batch of every tenant that has not ended, the nearest deadline first. */
  openBatches(): Promise<readonly BatchRecord[]>;

  /** While it validates; no effect later, as it may have been cancelled meanwhile. Adding a line again, after a crash, changes nothing. */
  addLines(id: string, lines: readonly NewLine[]): Promise<void>;
  /** validating → in_progress; a batch that was cancelled or expired meanwhile is answered as it stands. */
  start(
    id: string,
    facts: { readonly total: number; readonly model: string | null; readonly now: number },
  ): Promise<BatchRecord>;
  /** validating → failed; its lines are dropped. A batch that was cancelled or expired meanwhile is answered as it stands. */
  fail(id: string, errors: readonly InputError[], now: number): Promise<BatchRecord>;
  /** Sets or lifts the pause; undefined where there is no such batch. No effect on one that ended. */
  setPaused(tenant: string, id: string, paused: boolean): Promise<BatchRecord | undefined>;
  /**
   * Takes up no more lines of it. `cancelled` turns validating and in_progress into cancelling; `expired` leaves the status until it is
   * finalized. Lines in flight may still be settled. A batch that was still validating ends without lines: those found so far are
   * dropped. A batch that is ending or ended already is answered as it is.
   */
  end(id: string, ending: Exclude<BatchEnding, "completed">, now: number): Promise<BatchRecord | undefined>;

  /**
   * Records what became of claimed lines and claims up to `limit` more, in one transaction: nearest deadline first, within a batch by
   * group and place. The first terminal outcome of a line wins, and the batch's counters change with it or not at all.
   * `nowMs`: Unix milliseconds, decides which retries are due.
   */
  settle(
    settlements: readonly Settlement[],
    claim: { readonly limit: number; readonly nowMs: number },
  ): Promise<Settled>;
  /** When the next line that waits to be tried again is due, Unix milliseconds; undefined when none waits. */
  nextRetryAt(): Promise<number | undefined>;

  /**
   * Begins to finalize a batch that has no line left to run or in flight: reserves the ids of its files (`outputFileId` kept only where a
   * line completed, `errorFileId` only where one failed or never ran). Answers the batch: `finalizingAt` is set once it began, and null
   * while lines are open or it validates. in_progress → finalizing; cancelling stays the status of a cancelled one. Done again, it keeps
   * the ids of the first time. From here on no settlement is accepted.
   */
  finalize(
    id: string,
    ids: { readonly outputFileId: string; readonly errorFileId: string; readonly now: number },
  ): Promise<BatchRecord>;
  /**
   * The lines for one of its files, by place, beginning behind `after` (-1 for the first): what is recorded so far, and once it is being
   * finalized also the lines that never ran. A page of long answers ends before `limit`; only an empty one means that there is no more.
   */
  results(
    id: string,
    query: { readonly which: "output" | "error"; readonly after: number; readonly limit: number },
  ): Promise<readonly LineResult[]>;
  /**
   * The last state of a batch that is being finalized, together with its files, which hold what the results held: those are dropped, with
   * its lines. Done again, it changes nothing.
   */
  finish(id: string, files: readonly FileRecord[], now: number): Promise<BatchRecord>;
  /** Forgets batches that ended before `before` (Unix seconds), and says how many. Their files live their own lives. */
  removeEndedBatches(before: number): Promise<number>;

  /** Ends the ownership. Calls under way finish first, later ones are refused (`store_closed`). */
  close(): Promise<void>;
}
