import { concatenate, type Frame, type FrameDecoder, MAX_FRAME_BYTES } from "./frame.ts";
import { Unfinished } from "./unfinished.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const NEW_LINE = Uint8Array.of(LF);
const DATA = new TextEncoder().encode("data: ");
const utf8 = new TextDecoder();

/**
 * Reads an event stream (WHATWG HTML, "Server-sent events"): any of its three line ends, a byte order mark, comments,
 * `data` over several lines. `id` and `retry` are of no interest here.
 *
 * A CR at the very end of a chunk waits for what follows it, because an LF behind it belongs to it. So a stream whose
 * lines end with CR alone, which no model server sends, is read one event late.
 */
export class SseDecoder implements FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #unfinished = new Unfinished();
  #beginning = true;
  #oversized = false;
  // Of the frame being read. Offsets count from its first byte; a line of an oversized frame may have begun before it.
  #lines: Lines = new Lines();
  #lineAt = 0;
  #readTo = 0;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    const bytes = this.#unfinished.join(chunk);
    let frameAt = 0;
    let lineAt = this.#lineAt;
    let at = this.#readTo;
    for (;;) {
      at = endOfLine(bytes, at);
      if (at >= bytes.length || (bytes[at] === CR && at + 1 === bytes.length)) break;
      const next = at + (bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1);
      if (this.#readLine(bytes, frameAt, lineAt, at)) {
        frames.push(this.#cut(bytes, frameAt, next));
        this.#oversized = false;
        frameAt = next;
      }
      lineAt = next;
      at = next;
    }
    if (this.#oversized || at - frameAt > this.#maxFrameBytes) {
      this.#oversized = true;
      this.#beginning = false;
      if (at > frameAt) frames.push(this.#cut(bytes, frameAt, at));
      frameAt = at;
    }
    this.#lineAt = lineAt - frameAt;
    this.#readTo = at - frameAt;
    this.#unfinished.keep(bytes, frameAt);
    return frames;
  }

  end(): Frame | undefined {
    const { bytes } = this.#unfinished;
    if (bytes.length === 0) return undefined;
    // A server that closes behind its last line, without the blank one, meant what it said.
    this.#readLine(bytes, 0, this.#lineAt, endOfLine(bytes, this.#readTo));
    return this.#cut(bytes, 0, bytes.length);
  }

  /** Takes the line from `lineAt` to `end`; says whether it is the blank one that ends the frame. */
  #readLine(bytes: Uint8Array, frameAt: number, lineAt: number, end: number): boolean {
    let from = lineAt;
    if (this.#beginning) {
      this.#beginning = false;
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3;
    }
    if (from === end) return true;
    if (!this.#oversized) this.#lines.read(bytes, frameAt, from, end);
    return false;
  }

  #cut(bytes: Uint8Array, start: number, end: number): Frame {
    const frame = new SseFrame(bytes.subarray(start, end), this.#lines, this.#oversized);
    this.#lines = new Lines();
    return frame;
  }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === LF || byte === CR) break;
  }
  return at;
}

/** Where in a frame its fields are. */
class Lines {
  /** Three offsets for each line of data: of the line, of its value, of its end. */
  readonly data: number[] = [];
  eventAt = 0;
  eventEnd = 0;

  read(bytes: Uint8Array, frameAt: number, lineAt: number, end: number): void {
    let colon = lineAt;
    while (colon < end && bytes[colon] !== COLON) colon += 1;
    const valueAt = Math.min(colon + (bytes[colon + 1] === SPACE ? 2 : 1), end);
    if (spells(bytes, lineAt, colon, "data")) {
      this.data.push(lineAt - frameAt, valueAt - frameAt, end - frameAt);
    } else if (spells(bytes, lineAt, colon, "event")) {
      this.eventAt = valueAt - frameAt;
      this.eventEnd = end - frameAt;
    }
  }
}

function spells(bytes: Uint8Array, from: number, end: number, name: string): boolean {
  if (end - from !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[from + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

class SseFrame implements Frame {
  readonly raw: Uint8Array;
  readonly data: Uint8Array | undefined;
  readonly oversized: boolean;
  readonly #lines: Lines;

  constructor(raw: Uint8Array, lines: Lines, oversized: boolean) {
    this.raw = raw;
    this.oversized = oversized;
    this.#lines = lines;
    this.data = oversized ? undefined : joinedData(raw, lines.data);
  }

  get event(): string | undefined {
    const { eventAt, eventEnd } = this.#lines;
    return eventAt === eventEnd || this.oversized ? undefined : utf8.decode(this.raw.subarray(eventAt, eventEnd));
  }

  withData(data: Uint8Array): Uint8Array {
    const { raw } = this;
    const lines = this.#lines.data;
    const parts = [raw.subarray(0, lines[0])];
    // What stands between lines of data goes before them: the order of different fields means nothing.
    for (let line = 3; line < lines.length; line += 3)
      parts.push(raw.subarray(afterLine(raw, lines[line - 1]!), lines[line]));
    parts.push(raw.subarray(lines[0], lines[1]));
    let lineAt = 0;
    for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF, lineAt)) {
      parts.push(data.subarray(lineAt, at), NEW_LINE, DATA);
      lineAt = at + 1;
    }
    parts.push(data.subarray(lineAt), raw.subarray(lines.at(-1)));
    return concatenate(parts);
  }
}

function joinedData(raw: Uint8Array, lines: readonly number[]): Uint8Array | undefined {
  if (lines.length === 0) return undefined;
  if (lines.length === 3) return raw.subarray(lines[1], lines[2]);
  const parts: Uint8Array[] = [];
  for (let line = 0; line < lines.length; line += 3) {
    if (line > 0) parts.push(NEW_LINE);
    parts.push(raw.subarray(lines[line + 1], lines[line + 2]));
  }
  return concatenate(parts);
}

/** Where the next line begins, behind the line that ends at `end`. */
function afterLine(raw: Uint8Array, end: number): number {
  return end + (raw[end] === CR && raw[end + 1] === LF ? 2 : 1);
}
