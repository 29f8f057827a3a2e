import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

export type Headers = Readonly<Record<string, string>>;

/** The answer to one request, on the wire. All of it is harmless once the client is gone. */
export interface Reply {
  /** The status and headers are out. */
  readonly headed: boolean;
  head(status: number, headers: Headers): void;
  /** All at once, with its length. */
  answer(status: number, headers: Headers, body: string | Buffer): void;
  write(data: string): void;
  end(data?: string): void;
  /** True if the client keeps up with reading; otherwise `go` is called once it does, or is gone. */
  writable(go: () => void): boolean;
  /** Closes the connection, in the middle of whatever it is. */
  cut(): void;
  /** Resets it. */
  reset(): void;
  /** Sends bytes as they are and closes. */
  raw(bytes: string): void;
}

/** HTTP/1.1, by Node. */
export class HttpReply implements Reply {
  readonly #response: ServerResponse;
  readonly #socket: Socket;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    this.#socket = request.socket;
  }

  get headed(): boolean {
    return this.#response.headersSent;
  }

  head(status: number, headers: Headers): void {
    if (this.headed) return;
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  answer(status: number, headers: Headers, body: string | Buffer): void {
    this.#response.writeHead(status, { ...headers, "Content-Length": String(Buffer.byteLength(body)) });
    this.#response.end(body);
  }

  write(data: string): void {
    this.#response.write(data);
  }

  end(data?: string): void {
    this.#response.end(data);
  }

  writable(go: () => void): boolean {
    return isWritable(this.#response, go);
  }

  cut(): void {
    afterFlush(() => this.#socket.destroy());
  }

  reset(): void {
    afterFlush(() => this.#socket.resetAndDestroy());
  }

  raw(bytes: string): void {
    this.#socket.end(bytes, () => this.#socket.destroy());
  }
}

/** HTTP/1.0, whose bodies end where the connection does: of Python's BaseHTTPRequestHandler. */
export class ClosingReply implements Reply {
  readonly #socket: Socket;
  #headed = false;

  constructor(request: IncomingMessage) {
    this.#socket = request.socket;
  }

  get headed(): boolean {
    return this.#headed;
  }

  head(status: number, headers: Headers): void {
    if (this.#headed) return;
    this.#headed = true;
    const lines = Object.entries({ ...headers, Date: new Date().toUTCString() }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.#write(`HTTP/1.0 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`);
  }

  answer(status: number, headers: Headers, body: string | Buffer): void {
    this.head(status, { ...headers, "Content-Length": String(Buffer.byteLength(body)) });
    this.end(body);
  }

  write(data: string): void {
    this.#write(data);
  }

  end(data?: string | Buffer): void {
    if (data !== undefined) this.#write(data);
    this.#socket.end(() => this.#socket.destroy());
  }

  writable(go: () => void): boolean {
    return isWritable(this.#socket, go);
  }

  cut(): void {
    afterFlush(() => this.#socket.destroy());
  }

  reset(): void {
    afterFlush(() => this.#socket.resetAndDestroy());
  }

  raw(bytes: string): void {
    this.#socket.end(bytes, () => this.#socket.destroy());
  }

  #write(data: string | Buffer): void {
    if (this.#socket.writable) this.#socket.write(data);
  }
}

/** What was written before is on its way by then; destroying a socket drops the rest. */
function afterFlush(callback: () => void): void {
  setImmediate(callback);
}

function isWritable(stream: ServerResponse | Socket, go: () => void): boolean {
  if (!stream.writableNeedDrain || stream.destroyed) return true;
  const once = (): void => {
    stream.off("drain", once);
    stream.off("close", once);
    go();
  };
  stream.on("drain", once);
  stream.on("close", once);
  return false;
}
