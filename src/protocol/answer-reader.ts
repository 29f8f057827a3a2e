import type { AnswerNotes } from "./answer-notes.ts";
import type { Marks } from "./skim.ts";
import type { JsonObject } from "./untrusted-json.ts";

/** The bit of a member that holds a piece of the answer itself. */
export const CONTENT = 1;
/** The bit of a member that says more about the answer: its end, its counts, an error. */
export const NEWS = 2;

/** How one dialect tells about its answer. Stateless; it must take any object. */
export interface AnswerReader {
  /** The members that make a frame worth reading, marked CONTENT or NEWS. */
  readonly marks: Marks;
  /** Whether a frame without any of them must be read too. */
  readonly readsUnmarked: boolean;
  /** Notes what `value` tells: a frame's payload, or the body of an answer that was not streamed. It is no error. */
  read(value: JsonObject, notes: AnswerNotes): void;
}
