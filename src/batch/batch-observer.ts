import type { BatchRecord } from "../store/batch-record.ts";

/** What became of a line that was asked: the first two are for ever. */
export type LineFate = "completed" | "failed" | "retried" | "given_back";

/** Follows batches: the log, the metrics. It must not throw and must not be slow. */
export interface BatchObserver {
  created?(batch: BatchRecord): void;
  started?(batch: BatchRecord): void;
  finalizing?(batch: BatchRecord): void;
  ended?(batch: BatchRecord): void;
  settled?(fate: LineFate, count: number): void;
  /** The store fails; told once until {@link well}. Nothing that was acknowledged is lost, and it is tried again. */
  trouble?(error: unknown): void;
  well?(): void;
}
