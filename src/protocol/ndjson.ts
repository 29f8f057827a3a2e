import { concatenate, type Frame, type FrameDecoder, MAX_FRAME_BYTES } from "./frame.ts";
import { Unfinished } from "./unfinished.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Reads newline-delimited JSON: a value a line, LF or CRLF behind each, the last one perhaps without. */
export class NdjsonDecoder implements FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #unfinished = new Unfinished();
  #oversized = false;
  #readTo = 0;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    const bytes = this.#unfinished.join(chunk);
    let lineAt = 0;
    let end = bytes.indexOf(LF, this.#readTo);
    while (end >= 0) {
      frames.push(new Line(bytes.subarray(lineAt, end + 1), this.#oversized));
      this.#oversized = false;
      lineAt = end + 1;
      end = bytes.indexOf(LF, lineAt);
    }
    const left = bytes.length - lineAt;
    if (left > 0 && (this.#oversized || left > this.#maxFrameBytes)) {
      this.#oversized = true;
      frames.push(new Line(bytes.subarray(lineAt), true));
      lineAt = bytes.length;
    }
    this.#readTo = bytes.length - lineAt;
    this.#unfinished.keep(bytes, lineAt);
    return frames;
  }

  end(): Frame | undefined {
    const { bytes } = this.#unfinished;
    return bytes.length === 0 ? undefined : new Line(bytes, this.#oversized);
  }
}

class Line implements Frame {
  readonly raw: Uint8Array;
  readonly data: Uint8Array | undefined;
  readonly event: undefined = undefined;
  readonly oversized: boolean;
  readonly #textEnd: number;

  constructor(raw: Uint8Array, oversized: boolean) {
    let end = raw.length;
    if (raw[end - 1] === LF) end -= 1;
    if (raw[end - 1] === CR) end -= 1;
    this.raw = raw;
    this.data = oversized || end === 0 ? undefined : raw.subarray(0, end);
    this.oversized = oversized;
    this.#textEnd = end;
  }

  withData(data: Uint8Array): Uint8Array {
    return concatenate([data, this.raw.subarray(this.#textEnd)]);
  }
}
