import type { Environment } from "../common/environment.ts";
import type { ForegroundRun, Spread } from "../gateway/results.ts";
import type { Effort } from "./plan.ts";

/** What `--json` writes and `--from` reads. */
export interface Results {
  readonly schema: 1;
  readonly environment: Environment;
  readonly effort: Effort;
  readonly rates: readonly Rate[];
  readonly ingest: Ingest;
  /** Microseconds for which the only slot had nothing to do, between two lines and between two requests of clients. */
  readonly gaps: { readonly batch: Spread; readonly clients: Spread };
  readonly people: People;
}

/** Lines a second, round by round. */
export interface Rate {
  readonly atOnce: number;
  /** The store alone: one answer recorded and one line claimed with each commit. */
  readonly store: readonly number[];
  /** A batch through the gateway, at a model server that answers at once. */
  readonly batch: readonly number[];
}

export interface Ingest {
  readonly lines: number;
  readonly bytes: number;
  /** From the first byte of the upload to its answer. */
  readonly uploadMs: number;
  /** From the creation of the batch until its lines were checked and taken in. */
  readonly checkMs: number;
  /** The most memory that the process had before, and up to the end. */
  readonly peakBefore: number;
  readonly peak: number;
}

/** The same arrivals of people, beside a batch and beside clients. */
export interface People {
  readonly requests: number;
  readonly runs: readonly (Omit<ForegroundRun, "role"> & { readonly id: "batch" | "clients" })[];
}

/** @throws {TypeError} when `text` is no results file of this benchmark. */
export function parseResults(text: string): Results {
  const parsed: unknown = JSON.parse(text);
  const isOurs = typeof parsed === "object" && parsed !== null && "ingest" in parsed;
  if (!isOurs || (parsed as Partial<Results>).schema !== 1) {
    throw new TypeError("not a results file of bench/batch (schema 1)");
  }
  return parsed as Results;
}
