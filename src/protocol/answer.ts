import type { AnswerNotes, Usage } from "./answer-notes.ts";
import type { JsonObject } from "./untrusted-json.ts";
import type { UpstreamError } from "./upstream-error.ts";

/**
 * `open`: more may come. `finished`: the engine said that the answer is complete. `failed`: before that it reported an
 * error, whatever it said afterwards. `cut`: nothing more comes and it had said neither.
 */
export type AnswerOutcome = "open" | "finished" | "failed" | "cut";

/**
 * Looks on while an answer passes by: when it begins, how it ends, what it cost.
 *
 * It never throws, whatever comes, and keeps no more than one event, or a body up to the same limit. What is larger it
 * does not read: an answer that ends after such a piece counts as finished, because the piece may have said so.
 */
export interface AnswerWatch {
  /** The next bytes of the answer's body. They must not be written to any more. */
  push(chunk: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
  /**
   * The first piece of content came: text, reasoning or a tool call. Role deltas, keep-alive chunks, progress and
   * comments are none. Of an answer that is not streamed: its first byte that is no white space.
   */
  readonly started: boolean;
  readonly outcome: AnswerOutcome;
  /** In the engine's own word, of the first choice: "stop", "length", "tool_calls", "end_turn", "completed" … */
  readonly finishReason: string | undefined;
  readonly usage: Usage;
  /** How many pieces of content a stream brought. Not the number of tokens: engines hold some back and join others. */
  readonly tokens: number;
  /** What the engine reported. */
  readonly error: UpstreamError | undefined;
  /** A whole answer, once all of it was read; none of a stream, nor of what is too large. */
  readonly whole?: JsonObject | undefined;
}

/** An answer watched by means of notes. */
export abstract class NotedAnswer implements AnswerWatch {
  protected readonly notes: AnswerNotes;
  /** Something was too large to read. */
  protected unread = false;
  #ended = false;

  constructor(notes: AnswerNotes) {
    this.notes = notes;
  }

  protected abstract see(chunk: Uint8Array): void;
  protected abstract seeEnd(): void;

  push(chunk: Uint8Array): void {
    if (!this.#ended) this.see(chunk);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.seeEnd();
  }

  get started(): boolean {
    return this.notes.started;
  }

  get outcome(): AnswerOutcome {
    if (this.notes.error !== undefined) return "failed";
    if (this.notes.finished) return "finished";
    if (!this.#ended) return "open";
    return this.unread ? "finished" : "cut";
  }

  get finishReason(): string | undefined {
    return this.notes.finishReason;
  }

  get usage(): Usage {
    return this.notes.usage;
  }

  get tokens(): number {
    return this.notes.tokens;
  }

  get error(): UpstreamError | undefined {
    return this.notes.error;
  }
}
