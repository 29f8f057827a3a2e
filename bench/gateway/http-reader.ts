/** What a connection carries, message by message: requests or answers. */
export interface HttpEvents {
  /** Start line and fields, without the empty line. */
  head(text: string): void;
  /** A piece of the body, without its framing. */
  body(bytes: Buffer): void;
  end(): void;
}

type State = "head" | "sized" | "chunk size" | "chunk" | "chunk end" | "last chunk";

const LINE = Buffer.from("\r\n");
const HEAD = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 messages off one connection with as little work as possible, so that what is measured is not the measuring.
 * A message without a length has no body; trailers and bodies that end with the connection are not understood.
 */
export class HttpReader {
  readonly #events: HttpEvents;
  #state: State = "head";
  #left = 0;
  #rest: Buffer = NOTHING;

  constructor(events: HttpEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next === undefined) {
        this.#rest = data.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Where it got to; `undefined` when it needs more bytes. */
  #step(data: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case "head":
        return this.#head(data, at);
      case "sized":
      case "chunk":
        return this.#body(data, at);
      case "chunk size":
        return this.#size(data, at);
      case "chunk end":
      case "last chunk":
        return this.#line(data, at);
    }
  }

  #head(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(HEAD, at);
    if (end === -1) return undefined;
    const text = data.toString("latin1", at, end);
    this.#events.head(text);
    this.#left = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
    if (/^transfer-encoding: *chunked/im.test(text)) this.#state = "chunk size";
    else if (this.#left > 0) this.#state = "sized";
    else this.#events.end();
    return end + HEAD.length;
  }

  #body(data: Buffer, at: number): number {
    const end = Math.min(data.length, at + this.#left);
    this.#left -= end - at;
    this.#events.body(data.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === "chunk") this.#state = "chunk end";
    else this.#over();
    return end;
  }

  #size(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(LINE, at);
    if (end === -1) return undefined;
    this.#left = Number.parseInt(data.toString("latin1", at, end), 16);
    this.#state = this.#left === 0 ? "last chunk" : "chunk";
    return end + LINE.length;
  }

  #line(data: Buffer, at: number): number | undefined {
    if (data.length - at < LINE.length) return undefined;
    if (this.#state === "chunk end") this.#state = "chunk size";
    else this.#over();
    return at + LINE.length;
  }

  #over(): void {
    this.#state = "head";
    this.#events.end();
  }
}
