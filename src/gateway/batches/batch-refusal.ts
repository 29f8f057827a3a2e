import { BatchError } from "../../batch/batch-error.ts";
import type { WireError } from "../../protocol/error-envelope.ts";
import { StoreError, type StoreErrorCode } from "../../store/store-error.ts";
import { Refused } from "../refused.ts";

/** The HTTP status of each, and whether it is worth trying again by itself, in seconds. */
const STORE_ERRORS: Readonly<Record<StoreErrorCode, readonly [status: number, retrySeconds?: number]>> = {
  store_in_use: [503, 30],
  store_newer: [503, 300],
  store_full: [507],
  store_damaged: [500],
  store_closed: [503, 5],
  unknown_cursor: [400],
  unknown_batch: [404],
  idempotency_conflict: [409],
};

/** What a client is told of something that went wrong with files or batches; other errors as they are. */
export function batchRefusal(thrown: unknown): unknown {
  if (thrown instanceof BatchError) {
    const { status, code, message, param } = thrown;
    return refused({ status, code, message, ...(param !== undefined && { param }) });
  }
  if (!(thrown instanceof StoreError)) return thrown;
  const { code, message } = thrown;
  const [status, retryAfterSeconds] = STORE_ERRORS[code];
  const param = code === "unknown_cursor" ? { param: "after" } : {};
  return refused({ status, code, message, ...param, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
}

function refused(error: WireError): Refused {
  return new Refused("refused", error);
}
