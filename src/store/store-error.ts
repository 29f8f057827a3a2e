/**
 * - `store_in_use`: another process owns the data directory.
 * - `store_newer`: a newer Headgate wrote it; nothing was touched.
 * - `store_full`: no space is left, or less than is kept free. Nothing that was acknowledged is lost.
 * - `store_damaged`: what is there does not read as a database of Headgate's, or the disk under it fails.
 * - `store_closed`: closed, or no longer the owner.
 * - `unknown_cursor`: `after` names nothing in this list.
 * - `unknown_batch`: there is no batch of this id.
 * - `idempotency_conflict`: the same key was used for another request.
 */
export type StoreErrorCode =
  | "store_in_use"
  | "store_newer"
  | "store_full"
  | "store_damaged"
  | "store_closed"
  | "unknown_cursor"
  | "unknown_batch"
  | "idempotency_conflict";

/** A refusal by the store. The message says what to do; the state is as before the call. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
