import { statfsSync } from "node:fs";
import { StoreError } from "./store-error.ts";

/** Kept free for the results of what was accepted. */
export const MIN_FREE_BYTES: number = 256 * 1024 * 1024;

/** Errors by which a file system says that nothing more fits. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** @throws {StoreError} `store_full` where less than `minFreeBytes` are free. */
export function requireFreeSpace(directory: string, minFreeBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free < minFreeBytes)
    throw storeFull(directory, `${megabytes(free)} MB are free, ${megabytes(minFreeBytes)} MB are kept free`);
}

/** The same error, or `store_full` where it is the file system's way to say so. */
export function asStoreFull(directory: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return FULL.has(code) ? storeFull(directory, `the disk says ${String(code)}`, error) : error;
}

export function storeFull(directory: string, why: string, cause?: unknown): StoreError {
  const message = `no space for this under ${directory}: ${why}. Delete files or batches, or make room; nothing stored is lost`;
  return new StoreError("store_full", message, cause === undefined ? {} : { cause });
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / (1024 * 1024));
}
