import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const MODELS = JSON.stringify({ object: "list", data: [{ id: "simulated", object: "model" }] });

/** A model server that answers at once with what it was asked, and counts how often it was asked what. */
export class CountingServer implements AsyncDisposable {
  readonly url: string;
  /** How often each text was asked. */
  readonly asked: Map<string, number> = new Map();
  readonly #server: Server;
  #onAsked: () => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<CountingServer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new CountingServer(server);
  }

  /** Resolves once it was asked so many times more. */
  async asks(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = count;
    this.#onAsked = () => {
      left -= 1;
      if (left <= 0) resolve();
    };
    await promise;
    this.#onAsked = () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const body = await text(request).catch(() => "");
    response.setHeader("content-type", "application/json");
    if (request.method !== "POST") return void response.end(request.url === "/v1/models" ? MODELS : "{}");
    const { messages } = JSON.parse(body) as { messages: readonly { content: string }[] };
    const { content } = messages[0]!;
    this.asked.set(content, (this.asked.get(content) ?? 0) + 1);
    this.#onAsked();
    const message = { role: "assistant", content };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    response.end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", model: "simulated", choices, usage }));
  }
}
