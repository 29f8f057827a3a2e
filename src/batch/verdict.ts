import { objectIn, parseJson } from "../protocol/untrusted-json.ts";
import type { ClaimedLine, LineOutcome } from "../store/line-record.ts";
import type { LineAnswer } from "./ask.ts";
import { lineId } from "./ids.ts";
import { NO_TOKENS, tokenUsage } from "./token-usage.ts";

/** What an answer means for its line. */
export type Verdict =
  | { readonly kind: "over"; readonly outcome: LineOutcome }
  /** The server failed at this line: again, but not for ever. */
  | { readonly kind: "again"; readonly askedMs: number | undefined }
  /** No server could be had, which is not this line's fault, and will be no better for the next one. */
  | { readonly kind: "later"; readonly askedMs: number | undefined }
  | { readonly kind: "calledOff" };

const utf8 = new TextDecoder();

/** Too early, too many, not there: what says nothing about the line itself. */
const NOT_NOW = new Set([408, 425, 429, 503]);

/** @param maxAttempts - the last of so many keeps its failure. */
export function verdictOn(line: ClaimedLine, answer: LineAnswer, maxAttempts: number): Verdict {
  const isLast = line.attempt >= maxAttempts;
  if (answer.kind === "calledOff") return answer;
  if (answer.kind === "cut") {
    const message = "The model server's answer broke off, however often it was asked.";
    return isLast ? over({ kind: "unanswered", code: "server_error", message }) : { kind: "again", askedMs: undefined };
  }
  const { status, retryAfterMs: askedMs } = answer;
  if (NOT_NOW.has(status)) return { kind: "later", askedMs };
  if (status >= 500 && !isLast) return { kind: "again", askedMs };
  return over(outcomeOf(line, status, answer.body));
}

/** A line that was in flight whenever the process ended, so often that it is likely to be the cause. */
export function exhausted(attempts: number): LineOutcome {
  const message = `The gateway went down ${attempts} times while this request ran, or the model server failed at it.`;
  return { kind: "unanswered", code: "attempts_exhausted", message };
}

function over(outcome: LineOutcome): Verdict {
  return { kind: "over", outcome };
}

function outcomeOf({ batchId, n }: ClaimedLine, statusCode: number, bytes: Uint8Array): LineOutcome {
  const text = utf8.decode(bytes);
  const parsed = parseJson(text);
  const requestId = lineId(batchId, n);
  if (parsed !== undefined) {
    // In valid JSON a line end stands only between values, where a space means the same.
    const body = text.trim().replaceAll(/[\r\n]+/g, " ");
    const object = objectIn(parsed);
    return { kind: "answered", statusCode, requestId, body, usage: object ? tokenUsage(object) : NO_TOKENS };
  }
  if (statusCode < 300) {
    return { kind: "unanswered", code: "invalid_answer", message: "The model server's answer is not JSON." };
  }
  const error = { message: text.slice(0, 1_000), type: "server_error", param: null, code: null };
  return { kind: "answered", statusCode, requestId, body: JSON.stringify({ error }), usage: NO_TOKENS };
}
