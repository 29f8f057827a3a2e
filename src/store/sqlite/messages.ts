import { StoreError, type StoreErrorCode } from "../store-error.ts";

/** What the thread is started with. */
export interface ThreadOptions {
  readonly directory: string;
  readonly minFreeBytes: number;
}

/** An error on its way between threads, which would take its class and its code. */
export interface ErrorMessage {
  readonly code: StoreErrorCode | null;
  readonly message: string;
  readonly stack: string | undefined;
}

/** From the thread: that it owns the directory, that it does not, or what became of a call. */
export type Report =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly error: ErrorMessage }
  | { readonly kind: "answered"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: ErrorMessage };

export function toMessage(error: unknown): ErrorMessage {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: error instanceof StoreError ? error.code : null, message, stack };
}

export function fromMessage({ code, message, stack }: ErrorMessage): Error {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return code === null ? cause : new StoreError(code, message, { cause });
}
