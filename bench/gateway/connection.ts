import { connect, type Socket } from "node:net";
import { HttpReader } from "./http-reader.ts";

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** One client: a kept-alive connection that sends one request after another. */
export class Connection {
  /** Sees each piece of a body as it comes. */
  onBody: ((bytes: Buffer) => void) | undefined;
  readonly #socket: Socket;
  #head = "";
  #pieces: Buffer[] = [];
  #settle: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new HttpReader({
      head: (text) => {
        this.#head = text;
      },
      body: (bytes) => {
        if (this.onBody === undefined) this.#pieces.push(bytes);
        else this.onBody(bytes);
      },
      end: () => this.#end(),
    });
    socket.on("data", (chunk) => reader.push(chunk));
    socket.on("error", (error) => this.#broken(error));
    socket.on("close", () => this.#broken(new Error("the connection was closed in the middle of an answer")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  static openMany(port: number, count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  }

  /** A server may close a connection on which nothing happens for long; it takes no request any more. */
  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable;
  }

  /** Rejects when the connection ends before the answer, or has ended. */
  send(request: Buffer): Promise<Answer> {
    if (!this.isOpen) return Promise.reject(new Error("the connection was closed before the request"));
    const settle = Promise.withResolvers<Answer>();
    this.#settle = settle;
    this.#socket.write(request);
    return settle.promise;
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #end(): void {
    const pieces = this.#pieces;
    const settle = this.#settle;
    this.#pieces = [];
    this.#settle = undefined;
    const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    settle?.resolve({ status: Number(this.#head.slice(9, 12)), head: this.#head, body });
  }

  #broken(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = undefined;
  }
}
