import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { GatewayUnderTest, Json } from "./gateway.ts";

export interface PermitCallOptions {
  /** "?upstream=…" */
  readonly query?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

/** A call for a permit over HTTP, on a connection of its own, read line by line. */
export class PermitCall {
  readonly #request: ClientRequest;
  readonly #answer: Promise<IncomingMessage>;
  readonly #lines: Json[] = [];
  #rest = "";
  #over = false;
  #wake: (() => void) | undefined;
  /** Whether the answer came to its proper end. */
  complete = false;

  constructor(gateway: Pick<GatewayUnderTest, "url">, body: Json = {}, options: PermitCallOptions = {}) {
    const { query = "", key, headers = {} } = options;
    this.#request = request(`${gateway.url}/headgate/permits${query}`, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", ...headers, ...(key !== undefined && { "x-api-key": key }) },
    });
    this.#answer = once(this.#request, "response").then(([answer]) => this.#read(answer as IncomingMessage));
    // Looked at by tests that expect an answer; the others hang up.
    this.#answer.catch(() => {});
    this.#request.on("error", () => this.#end());
    this.#request.end(JSON.stringify(body));
  }

  get socket(): Socket {
    return this.#request.socket!;
  }

  /** The head of the answer. */
  async head(): Promise<{ readonly status: number; readonly type: string | undefined }> {
    const { statusCode = 0, headers } = await this.#answer;
    return { status: statusCode, type: headers["content-type"] };
  }

  /** The next line, or `undefined` at the end. */
  async next(): Promise<Json | undefined> {
    while (this.#lines.length === 0 && !this.#over) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#lines.shift();
  }

  /** The next line, which must be that event. */
  async expect(event: string): Promise<Json> {
    const line = await this.next();
    assert.equal(line?.["event"], event, `expected ${event}, got ${JSON.stringify(line)}`);
    return line;
  }

  /** The id of the permit, once it is granted. */
  async granted(): Promise<string> {
    const line = await this.expect("granted");
    return line["id"] as string;
  }

  /** Resolves once the connection is gone. Whatever lines are left may still be read. */
  async closed(): Promise<void> {
    if (!this.socket.destroyed) await once(this.socket, "close");
  }

  hangUp(): void {
    this.#request.destroy();
  }

  #read(answer: IncomingMessage): IncomingMessage {
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      const lines = (this.#rest + chunk).split("\n");
      this.#rest = lines.pop()!;
      this.#lines.push(...lines.map((line) => JSON.parse(line) as Json));
      this.#wake?.();
    });
    answer.on("end", () => {
      this.complete = true;
      this.#end();
    });
    answer.on("error", () => this.#end());
    answer.on("close", () => this.#end());
    return answer;
  }

  #end(): void {
    this.#over = true;
    this.#wake?.();
  }
}
