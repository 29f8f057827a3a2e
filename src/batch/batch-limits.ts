/** How much files and batches may take, and how long they stay. Sizes in bytes. */
export interface BatchLimits {
  /** Of a file with purpose batch. */
  readonly maxInputBytes: number;
  /** Of any other file. */
  readonly maxFileBytes: number;
  /** Requests in one batch; embeddings also have so many inputs in all at most. */
  readonly maxLines: number;
  readonly maxLineBytes: number;
  /** A line to which the model server failed so often keeps its last failure. Times at which no server was to be had do not count. */
  readonly maxAttempts: number;
  /** Input files, output files and ended batches are kept so long, unless their owner says otherwise. */
  readonly retentionDays: number;
  /** Refuse batches whose lines name several models. */
  readonly oneModel: boolean;
}
