import type { FileRecord } from "../store/file-record.ts";

/** A file as OpenAI's API shows it. */
export interface FileObject {
  readonly id: string;
  readonly object: "file";
  readonly bytes: number;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly filename: string;
  readonly purpose: string;
  /** Nothing happens to a file after its upload, so it is ready at once. */
  readonly status: "processed";
  readonly status_details: null;
}

export function fileObject({ id, bytes, createdAt, expiresAt, filename, purpose }: FileRecord): FileObject {
  return {
    id,
    object: "file",
    bytes,
    created_at: createdAt,
    expires_at: expiresAt,
    filename,
    purpose,
    status: "processed",
    status_details: null,
  };
}
