/**
 * What the store knows about one file of `/v1/files`. The bytes themselves are a blob, see `blobs.ts`: a file is a name for one, and
 * deleting the file does not take the bytes from a batch that still reads them.
 */
export interface FileRecord {
  /** `file-…` */
  readonly id: string;
  /** Whose file it is: the name of the access key, "" where the gateway has no keys. Nobody else ever sees it. */
  readonly tenant: string;
  readonly filename: string;
  /** As OpenAI names them: `batch`, `batch_output`, `user_data` … */
  readonly purpose: string;
  readonly bytes: number;
  /** The name of the blob that holds the content; on stable storage before the record is. */
  readonly blob: string;
  /** Unix seconds, as every time in the store: it is what the API shows. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}
