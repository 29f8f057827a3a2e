import { EventEmitter } from "node:events";
import type { AnswerSink } from "./client-response.ts";

/** An answer that is kept instead of sent, for a request that the gateway makes itself. */
export class InsideAnswer extends EventEmitter implements AnswerSink {
  status = 0;
  /** Name, value, name, value. */
  headers: readonly string[] = [];
  writableFinished = false;
  readonly socket = null;
  /** Resolves at its end, whatever that is. */
  readonly closed: Promise<void>;
  readonly #chunks: Uint8Array[] = [];
  readonly #close: () => void;
  #isClosed = false;

  constructor() {
    super();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#close = resolve;
  }

  writeHead(status: number, _statusText: string, headers: readonly string[]): void {
    this.status = status;
    this.headers = headers;
  }

  flushHeaders(): void {}

  /** Whoever asks for the answer has room for it. */
  write(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  end(chunk?: string): void {
    if (this.#isClosed) return;
    if (chunk !== undefined) this.#chunks.push(Buffer.from(chunk));
    this.writableFinished = true;
    this.#finish();
  }

  /** As if the client had hung up, or the answer had to be cut off. */
  destroy(): void {
    if (!this.#isClosed) this.#finish();
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #finish(): void {
    this.#isClosed = true;
    this.emit("close");
    this.#close();
  }
}
