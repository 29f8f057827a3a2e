import type { Store } from "../store.ts";
import { addLines, end, fail, finalize, finish, setPaused, start } from "./batch-steps.ts";
import { batches, batchOfTenant, createBatch, openBatches, removeEndedBatches } from "./batch-rows.ts";
import { claimLines, nextRetryAt } from "./claims.ts";
import type { Database } from "./database.ts";
import { addFile, fileOfTenant, files, removeExpiredFiles, removeFile, unusedBlobs } from "./file-rows.ts";
import { record } from "./outcomes.ts";
import { results } from "./results.ts";

export type Method = Exclude<keyof Store, "close">;

/** What the thread does for each method of the store: the same arguments, and the answer at once. */
export type Operations = {
  readonly [M in Method]: (db: Database, ...args: Parameters<Store[M]>) => Awaited<ReturnType<Store[M]>>;
};

/** What writes runs in a transaction; what only reads does not wait for one. */
export const READS: ReadonlySet<Method> = new Set<Method>([
  "file",
  "files",
  "unusedBlobs",
  "batch",
  "batches",
  "openBatches",
  "nextRetryAt",
  "results",
]);

/** What takes something new in, and is refused first when space gets short. */
export const NEWCOMERS: ReadonlySet<Method> = new Set<Method>(["addFile", "createBatch"]);

export const OPERATIONS: Operations = {
  addFile,
  file: fileOfTenant,
  files,
  removeFile,
  removeExpiredFiles,
  unusedBlobs,
  createBatch,
  batch: batchOfTenant,
  batches,
  openBatches,
  addLines,
  start,
  fail,
  setPaused,
  end,
  settle(db, settlements, { limit, nowMs }) {
    const accepted = settlements.map((settlement) => record(db, settlement));
    return { accepted, claimed: claimLines(db, limit, nowMs) };
  },
  nextRetryAt,
  finalize,
  results,
  finish,
  removeEndedBatches,
};
