import { now } from "./clock.ts";

const BEGIN = 'data: {"id":"chatcmpl-0","object":"chat.completion.chunk","created":0,"model":"bench","choices":';
const STAMP_MARK = '[{"index":0,"delta":{"content":"';
const STAMP_DIGITS = 20;
const REST = '"},"finish_reason":null}]}\n\n';
const STOP = `${BEGIN}[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;

/** A chunk of a chat completion whose one token is the moment of its sending. */
export function stampedFrame(): Buffer {
  return chunked(frame(now().toFixed(6)));
}

/** A chunk with a token of your choice. */
export function namedFrame(name: string): Buffer {
  return chunked(frame(name));
}

/** The last frames of a complete answer, and the end of its body. */
export function lastFrames(): Buffer {
  return Buffer.concat([chunked(STOP), chunked("data: [DONE]\n\n"), Buffer.from("0\r\n\r\n")]);
}

export const STREAM_HEAD: Buffer = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n",
);

function frame(token: string): string {
  return BEGIN + STAMP_MARK + token.padStart(STAMP_DIGITS, "0") + REST;
}

function chunked(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}

const MARK = Buffer.from(STAMP_MARK);
const NOTHING = Buffer.alloc(0);

/** Reads the tokens of frames out of a stream, wherever it was cut. */
export class FrameReader {
  readonly #token: (text: string) => void;
  #rest: Buffer = NOTHING;

  constructor(token: (text: string) => void) {
    this.#token = token;
  }

  push(bytes: Buffer): void {
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (;;) {
      const mark = data.indexOf(MARK, at);
      const from = mark + MARK.length;
      if (mark === -1 || from + STAMP_DIGITS > data.length) break;
      at = from + STAMP_DIGITS;
      this.#token(data.toString("latin1", from, at));
    }
    // A mark and its token may have been cut: so much of the end is looked at again.
    this.#rest = data.subarray(Math.max(at, data.length - MARK.length - STAMP_DIGITS));
  }
}
