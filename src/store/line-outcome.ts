import type { BatchEnding } from "./batch-record.ts";
import type { LineOutcome } from "./line-record.ts";

/** Whether it counts as completed, and goes into the output file; everything else counts as failed. */
export function isSuccess(outcome: LineOutcome): boolean {
  return outcome.kind === "answered" && outcome.statusCode >= 200 && outcome.statusCode < 300;
}

/** What the error file says of a line that was still waiting when its batch ended. The codes are OpenAI's. */
export function neverRan(ending: BatchEnding | null): LineOutcome {
  if (ending === "cancelled") {
    return { kind: "unanswered", code: "batch_cancelled", message: "The batch was cancelled before this request ran." };
  }
  return {
    kind: "unanswered",
    code: "batch_expired",
    message: "This request could not be executed before the completion window expired.",
  };
}
