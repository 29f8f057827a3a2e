import type { TokenSums } from "./batch-record.ts";

/** One line of an input file, as validation found it. Its body stays where it is: in the input blob. */
export interface NewLine {
  /** Its place in the input, from 0 and without gaps. Output files follow it. */
  readonly n: number;
  readonly customId: string;
  /** Where its JSON begins in the input blob, and how long it is, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** Lines of the same group (same model, same beginning of the prompt) run one after the other; smaller groups first, then by `n`. */
  readonly group: number;
}

/** A line that was given to the runner to be asked. Nobody else is given it until it is settled or the owner's epoch ends. */
export interface ClaimedLine {
  readonly batchId: string;
  readonly tenant: string;
  readonly endpoint: string;
  readonly priority: number;
  readonly expiresAt: number;
  readonly inputBlob: string;
  readonly n: number;
  readonly customId: string;
  readonly offset: number;
  readonly length: number;
  /** 1 for the first time. Counted when claimed, so that a line that takes the process down with it is counted too. */
  readonly attempt: number;
}

/** How a line ended, for ever. An answer of 2xx counts as completed, any other and no answer as failed. Usage counts either way. */
export type LineOutcome =
  | {
      readonly kind: "answered";
      readonly statusCode: number;
      readonly requestId: string;
      /** The answer's body as received: JSON text. */
      readonly body: string;
      readonly usage: TokenSums;
    }
  | { readonly kind: "unanswered"; readonly code: string; readonly message: string };

/** What became of a claimed line. */
export interface Settlement {
  readonly batchId: string;
  readonly n: number;
  /**
   * As claimed. An answer of 2xx is accepted from any attempt, however late, until the line ended or the batch is finalized: it is paid
   * work. Everything else is accepted only from the attempt in flight.
   */
  readonly attempt: number;
  /**
   * `retryAt` puts it back, not before that Unix time in milliseconds; `giveBack` puts it back at once and does not count the attempt
   * (the gateway goes down, the batch was paused), or with `notBefore` at that Unix time in milliseconds (no server can be reached: that is
   * not the line's fault).
   */
  readonly result:
    | LineOutcome
    | { readonly kind: "retry"; readonly retryAt: number }
    | { readonly kind: "giveBack"; readonly notBefore?: number | undefined };
}

/** One line of an output or error file, in input order. Lines that never ran have the code of the ending. */
export interface LineResult {
  readonly n: number;
  readonly customId: string;
  readonly outcome: LineOutcome;
}
