/** A line of a file, without its end. */
export interface InputLine {
  /** Counted from 1, as editors do. */
  readonly number: number;
  /** Where it begins in the file, in bytes. */
  readonly offset: number;
  /** Undefined where it is longer than lines may be. */
  readonly bytes: Buffer | undefined;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream into lines. Keeps one line in memory, never more than `mostBytes` of it and one chunk. A byte order mark at the start and
 * the CR of a CRLF belong to no line; an end of line at the very end begins no other.
 */
export async function* inputLines(source: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<InputLine> {
  const line = new Gathering(mostBytes);
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      line.add(chunk.subarray(from, end));
      yield line.take(1);
      from = end + 1;
    }
    line.add(chunk.subarray(from));
  }
  if (line.length > 0) yield line.take(0);
}

class Gathering {
  length = 0;
  readonly #mostBytes: number;
  #pieces: Uint8Array[] = [];
  #offset = 0;
  #number = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  add(piece: Uint8Array): void {
    this.length += piece.length;
    // What is too long is only measured.
    if (this.length > this.#mostBytes) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  /** The line so far, which ended with a line end of so many bytes. */
  take(endBytes: number): InputLine {
    const { length } = this;
    const whole = length > this.#mostBytes ? undefined : Buffer.concat(this.#pieces, length);
    const mark = this.#number === 0 && whole?.subarray(0, 3).equals(BYTE_ORDER_MARK) === true ? 3 : 0;
    const end = whole?.at(-1) === RETURN ? length - 1 : length;
    const line = { number: this.#number + 1, offset: this.#offset + mark, bytes: whole?.subarray(mark, end) };
    this.#number += 1;
    this.#offset += length + endBytes;
    this.length = 0;
    this.#pieces = [];
    return line;
  }
}
