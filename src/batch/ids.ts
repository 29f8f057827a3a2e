import { randomBytes } from "node:crypto";

const RANDOM_BYTES = 12;

export function newFileId(): string {
  return `file-${randomBytes(RANDOM_BYTES).toString("hex")}`;
}

export function newBatchId(): string {
  return `batch_${randomBytes(RANDOM_BYTES).toString("hex")}`;
}

/** The id of one line, the same however often it is asked: in output files, logs and the model server's own names. */
export function lineId(batchId: string, n: number): string {
  return `batch_req_${batchId.replace(/^batch_/, "")}${n.toString(16).padStart(8, "0")}`;
}
