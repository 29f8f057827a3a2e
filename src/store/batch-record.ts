/** The states of a batch; the last four are for ever. Source: OpenAI Batch API. */
export type BatchStatus =
  | "validating"
  | "in_progress"
  | "finalizing"
  | "cancelling"
  | "completed"
  | "failed"
  | "expired"
  | "cancelled";

/** How a batch that ran will end; `failed` is decided before anything runs. */
export type BatchEnding = "completed" | "expired" | "cancelled";

/** What is wrong with one line of the input, or with the input as a whole. */
export interface InputError {
  readonly code: string;
  readonly message: string;
  /** Counted from 1, null where no single line is to blame. */
  readonly line: number | null;
  readonly param: string | null;
}

/** Tokens summed over the recorded answers of a batch. */
export interface TokenSums {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** What is decided about a batch when it is created. */
export interface NewBatch {
  /** `batch_…` */
  readonly id: string;
  readonly tenant: string;
  /** `/v1/chat/completions` and the like: where every line of it goes. */
  readonly endpoint: string;
  readonly inputFileId: string;
  /** The blob of the input file, held by the batch itself: the file may be deleted while lines run. */
  readonly inputBlob: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Seconds that the output files are kept, counted from their creation. */
  readonly outputExpiresAfter: number | null;
  /** The priority its lines queue with. */
  readonly priority: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** One batch, as it stands. Times are Unix seconds, null until the moment came. */
export interface BatchRecord extends NewBatch {
  readonly status: BatchStatus;
  /** Set once the batch stops taking up lines; says which of the last states it is on its way to. */
  readonly ending: BatchEnding | null;
  /** A paused batch keeps its lines and its deadline; none of its lines is claimed. */
  readonly paused: boolean;
  /** The model of its lines, null while unknown or where they name several. */
  readonly model: string | null;
  readonly errors: readonly InputError[];
  /** Reserved when finalizing begins, so that doing it again after a crash makes the same files. Null where there is nothing to put in. */
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
  readonly inProgressAt: number | null;
  readonly finalizingAt: number | null;
  readonly completedAt: number | null;
  readonly failedAt: number | null;
  readonly expiredAt: number | null;
  readonly cancellingAt: number | null;
  readonly cancelledAt: number | null;
  /** Lines in all; `completed + failed <= total`, and neither ever goes down. Lines that never ran are in neither. */
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly usage: TokenSums;
}
