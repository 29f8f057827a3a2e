import { BatchError, invalidValue } from "./batch-error.ts";
import { expirySeconds } from "./expiry-wish.ts";

/** What a client may upload files for. Only `batch` means anything here; the others are kept for whoever wants them back. */
const PURPOSES = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const;

const MAX_NAME = 255;

/** What `POST /v1/files` says beside the bytes. */
export interface FileWish {
  readonly filename: string;
  readonly purpose: string;
  /** Seconds from the creation. */
  readonly expiresAfter: number | undefined;
}

/**
 * @param fields - of the form, in whatever order they came.
 * @throws {BatchError} 400 that names the field.
 */
export function fileWish(filename: string, fields: ReadonlyMap<string, string>): FileWish {
  const purpose = fields.get("purpose");
  if (!(PURPOSES as readonly unknown[]).includes(purpose)) {
    throw invalidValue("purpose", purpose, `one of ${PURPOSES.join(", ")}`);
  }
  if (purpose === "batch" && !/\.jsonl$/i.test(filename)) {
    throw new BatchError(400, "invalid_file_format", "Invalid file format for Batch API. Must be .jsonl", "file");
  }
  const anchor = fields.get("expires_after[anchor]");
  const seconds = fields.get("expires_after[seconds]");
  const wish = anchor === undefined && seconds === undefined ? undefined : { anchor, seconds };
  return {
    filename: filename.slice(-MAX_NAME),
    purpose: purpose as string,
    expiresAfter: expirySeconds("expires_after", wish),
  };
}
