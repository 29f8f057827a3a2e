import type { BatchRecord, BatchStatus, InputError, TokenSums } from "../store/batch-record.ts";

/** A batch as OpenAI's API shows it, with every member there, null where there is nothing. Times are Unix seconds. */
export interface BatchObject {
  readonly id: string;
  readonly object: "batch";
  readonly endpoint: string;
  readonly model: string | null;
  readonly errors: { readonly object: "list"; readonly data: readonly InputError[] } | null;
  readonly input_file_id: string;
  readonly completion_window: string;
  readonly status: BatchStatus;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
  readonly created_at: number;
  readonly in_progress_at: number | null;
  readonly expires_at: number;
  readonly finalizing_at: number | null;
  readonly completed_at: number | null;
  readonly failed_at: number | null;
  readonly expired_at: number | null;
  readonly cancelling_at: number | null;
  readonly cancelled_at: number | null;
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly usage: BatchUsage;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** What OpenAI's API does not have. */
  readonly headgate: { readonly paused: boolean; readonly priority: number };
}

export interface BatchUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

export function batchObject(batch: BatchRecord): BatchObject {
  const { errors, total, completed, failed } = batch;
  // The files are there to be read only once the batch has ended; until then their ids are only reserved.
  const ended = (batch.completedAt ?? batch.expiredAt ?? batch.cancelledAt) !== null;
  return {
    id: batch.id,
    object: "batch",
    endpoint: batch.endpoint,
    model: batch.model,
    errors: errors.length === 0 ? null : { object: "list", data: errors },
    input_file_id: batch.inputFileId,
    completion_window: batch.completionWindow,
    status: batch.status,
    output_file_id: ended ? batch.outputFileId : null,
    error_file_id: ended ? batch.errorFileId : null,
    created_at: batch.createdAt,
    in_progress_at: batch.inProgressAt,
    expires_at: batch.expiresAt,
    finalizing_at: batch.finalizingAt,
    completed_at: batch.completedAt,
    failed_at: batch.failedAt,
    expired_at: batch.expiredAt,
    cancelling_at: batch.cancellingAt,
    cancelled_at: batch.cancelledAt,
    request_counts: { total, completed, failed },
    usage: usageOf(batch.usage),
    metadata: batch.metadata,
    headgate: { paused: batch.paused, priority: batch.priority },
  };
}

function usageOf({ input, cached, output, reasoning }: TokenSums): BatchUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
