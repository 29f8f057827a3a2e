import type { Logger } from "pino";
import type { BatchObserver } from "../../batch/batch-observer.ts";
import type { BatchRecord } from "../../store/batch-record.ts";
import { StoreError } from "../../store/store-error.ts";

/** Logs what becomes of batches, and once for each time that the store fails. */
export function batchNews(log: Logger): BatchObserver {
  return {
    created: (batch) => log.info(about(batch), "batch created"),
    started: (batch) => log.info({ ...about(batch), lines: batch.total, model: batch.model }, "batch started"),
    finalizing: (batch) => log.debug({ ...about(batch), ending: batch.ending }, "batch is being finalized"),
    ended: (batch) => {
      const { status, total, completed, failed, errors } = batch;
      const [first] = errors;
      const details = {
        ...about(batch),
        lines: total,
        completed,
        failed,
        ...(first && { error: first.code, line: first.line }),
      };
      log.info(details, `batch ${status}`);
    },
    trouble: (error) => log.warn({ err: error }, troubleText(error)),
    well: () => log.info("files and batches can be kept again"),
  };
}

function about({ id, tenant, endpoint }: BatchRecord): object {
  return { batch: id, ...(tenant !== "" && { client: tenant }), endpoint };
}

function troubleText(error: unknown): string {
  const code = error instanceof StoreError ? error.code : undefined;
  if (code === "store_in_use") {
    return (
      "another process uses the data directory, so this gateway keeps no files and runs no batches until that one ends; everything else " +
      "works; name another with --data DIR"
    );
  }
  if (code === "store_full")
    return "the disk is full: batches wait until there is room; nothing that was recorded is lost";
  return "files and batches cannot be kept at the moment; it is tried again";
}
