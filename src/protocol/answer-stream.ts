import type { AnswerNotes } from "./answer-notes.ts";
import { type AnswerReader, CONTENT } from "./answer-reader.ts";
import { NotedAnswer } from "./answer.ts";
import type { Frame, FrameDecoder } from "./frame.ts";
import { skim } from "./skim.ts";
import { parseObject } from "./untrusted-json.ts";
import { readError } from "./upstream-error.ts";

/** An answer that comes frame by frame. */
export class StreamWatch extends NotedAnswer {
  readonly #decoder: FrameDecoder;
  readonly #reader: AnswerReader;

  constructor(decoder: FrameDecoder, reader: AnswerReader, notes: AnswerNotes) {
    super(notes);
    this.#decoder = decoder;
    this.#reader = reader;
  }

  protected override see(chunk: Uint8Array): void {
    for (const frame of this.#decoder.push(chunk)) this.#seeFrame(frame);
  }

  protected override seeEnd(): void {
    const rest = this.#decoder.end();
    if (rest !== undefined) this.#seeFrame(rest);
  }

  /** Nearly every frame is one more piece of content and nothing else; that much is seen without parsing it. */
  #seeFrame(frame: Frame): void {
    const { data } = frame;
    if (frame.oversized) this.unread = true;
    if (data === undefined) return;
    const { notes } = this;
    const found = skim(data, this.#reader.marks);
    if (found === CONTENT && notes.started) {
      notes.tokens += 1;
      return;
    }
    const { event } = frame;
    if (found === 0 && !this.#reader.readsUnmarked && event !== "error") return;
    const value = parseObject(data);
    if (value === undefined) return;
    const error = readError(value, event);
    if (error === undefined) this.#reader.read(value, notes);
    else notes.fail(error);
  }
}
