import { AnswerNotes } from "./answer-notes.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { NotedAnswer } from "./answer.ts";
import { concatenate, MAX_FRAME_BYTES } from "./frame.ts";
import { type JsonObject, objectIn, objectsIn, parseJson } from "./untrusted-json.ts";
import { readError } from "./upstream-error.ts";

const utf8 = new TextDecoder();

/** An answer that comes whole, as one JSON value. It is read when all of it is there. */
export class BodyWatch extends NotedAnswer {
  readonly #reader: AnswerReader;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  whole: JsonObject | undefined;

  constructor(reader: AnswerReader, notes: AnswerNotes) {
    super(notes);
    this.#reader = reader;
  }

  protected override see(chunk: Uint8Array): void {
    this.notes.started ||= lastVisible(chunk) !== undefined;
    this.#bytes += chunk.length;
    this.unread ||= this.#bytes > MAX_FRAME_BYTES;
    if (this.unread) this.#parts = [];
    else this.#parts.push(chunk);
  }

  protected override seeEnd(): void {
    const { notes } = this;
    const body = parseJson(concatenate(this.#parts));
    this.#parts = [];
    if (body === undefined) return;
    this.whole = objectIn(body);
    // llama-server's own completion answers several prompts with an array.
    for (const value of bodyObjects(body)) {
      const error = readError(value);
      if (error === undefined) this.#reader.read(value, notes);
      else notes.fail(error);
    }
    notes.tokens = 0;
    notes.complete();
  }
}

function bodyObjects(body: unknown): readonly JsonObject[] {
  const only = objectIn(body);
  return only === undefined ? objectsIn(body) : [only];
}

/** Enough for every error body. */
const HEAD_BYTES = 64 * 1024;
/** Enough for the members that servers put behind the vectors or scores. */
const TAIL_BYTES = 1024;
const PROMPT_TOKENS = /"(?:prompt_tokens|prompt_eval_count)"\s*:\s*(\d+)/g;

/**
 * An answer that is computed rather than written: vectors, scores, a transcript, speech. It may be large and tells
 * little, so only its two ends are looked at.
 */
export class GlimpseWatch extends NotedAnswer {
  readonly #mustBeJson: boolean;
  #head: Uint8Array[] = [];
  #tail: Uint8Array = new Uint8Array(0);
  #bytes = 0;

  constructor(mustBeJson: boolean) {
    super(new AnswerNotes(1));
    this.#mustBeJson = mustBeJson;
  }

  protected override see(chunk: Uint8Array): void {
    this.notes.started ||= lastVisible(chunk) !== undefined;
    this.#bytes += chunk.length;
    if (this.#bytes <= HEAD_BYTES) this.#head.push(chunk);
    else this.#head = [];
    this.#tail = concatenate([this.#tail, chunk]).slice(-TAIL_BYTES);
  }

  protected override seeEnd(): void {
    const { notes } = this;
    const whole = this.#bytes <= HEAD_BYTES ? parseJson(concatenate(this.#head)) : undefined;
    this.#head = [];
    const error = readError(objectIn(whole) ?? {});
    if (error !== undefined) notes.fail(error);
    if (this.#mustBeJson && !(this.#bytes > HEAD_BYTES ? this.#endsLikeJson() : whole !== undefined)) return;
    notes.count(this.#promptTokens(), undefined);
    notes.finish(undefined);
  }

  #endsLikeJson(): boolean {
    const last = lastVisible(this.#tail);
    return last === 0x7d || last === 0x5d;
  }

  #promptTokens(): number | undefined {
    const last = [...utf8.decode(this.#tail).matchAll(PROMPT_TOKENS)].at(-1);
    return last === undefined ? undefined : Number(last[1]);
  }
}

/** The last byte that is no white space. */
function lastVisible(bytes: Uint8Array): number | undefined {
  return bytes.findLast((byte) => byte > 0x20);
}
