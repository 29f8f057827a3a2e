/**
 * A small model server in the manner of llama-server, over a real model: chat completions and completions, streamed or not, with
 * one slot. Its own process, forked by `model-process.ts`, so that what it computes does not keep a test from running.
 *
 * `node openai-shim.ts MODEL_FILE CONTEXT_TOKENS`
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Json } from "../support/gateway.ts";
import { Callers } from "./callers.ts";
import { askedOf, chatPrompt } from "./chat-ml.ts";
import { Pace } from "./pace.ts";
import { Slot } from "./slot.ts";
import { MODEL, Wire } from "./wire.ts";

/** What the test asks for; it is answered with a {@link Tally} of the same number once it is done. */
export interface Order {
  readonly order: number;
  /** Pause before the next token, or let so many through. */
  readonly pace?: "pause" | number;
  /** Forget what was counted, and pause no more. */
  readonly forget?: boolean;
}

/** One generation, in the order in which they got the slot. */
export interface Served {
  readonly asked: string;
  tokens: number;
  outcome: "running" | "stop" | "length" | "aborted";
}

/**
 * Everything that the server counts; sent whenever a generation begins or ends, when there were more callers at once than before, and
 * on order.
 */
export interface Tally {
  readonly order?: number;
  readonly url: string;
  /** All tokens that the model generated, whoever they were for. */
  readonly tokens: number;
  /** The most callers at a time that wanted an answer and had not hung up. */
  readonly mostAtOnce: number;
  readonly served: readonly Served[];
}

class Shim {
  readonly #slot: Slot;
  readonly #pace: Pace;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #callers = new Callers(() => this.#tell());
  #url = "";
  #served: Served[] = [];
  #requests = 0;
  #tokensBefore = 0;

  constructor(slot: Slot, pace: Pace) {
    this.#slot = slot;
    this.#pace = pace;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#tell();
  }

  obey({ order, pace, forget }: Order): void {
    if (pace === "pause") this.#pace.pause();
    else if (pace !== undefined) this.#pace.step(pace);
    if (forget === true) {
      this.#pace.step(Infinity);
      this.#served = [];
      this.#callers.forget();
      this.#tokensBefore = this.#slot.generated;
    }
    this.#tell(order);
  }

  #tell(order?: number): void {
    const tokens = this.#slot.generated - this.#tokensBefore;
    const tally = { url: this.#url, tokens, mostAtOnce: this.#callers.mostAtOnce, served: this.#served };
    process.send!({ ...tally, ...(order !== undefined && { order }) } satisfies Tally);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Server", "llama.cpp");
    // A client that leaves while it writes shows there; it is noticed by `close`.
    response.on("error", () => {});
    try {
      const path = `${request.method} ${request.url}`;
      if (path in FACTS) send(response, 200, FACTS[path]!);
      else if (path === "POST /v1/chat/completions" || path === "POST /v1/completions") {
        await this.#generate((await json(request)) as Json, response);
      } else if (path === "POST /apply-template") {
        send(response, 200, { prompt: chatPrompt((await json(request)) as Json) });
      } else send(response, 404, { error: { code: 404, message: "File Not Found", type: "not_found_error" } });
    } catch (error) {
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: { code: 500, message: String(error), type: "server_error" } });
    }
  }

  async #generate(body: Json, response: ServerResponse): Promise<void> {
    const text = typeof body["prompt"] === "string" ? body["prompt"] : chatPrompt(body);
    const promptTokens = this.#slot.countTokens(text);
    if (promptTokens >= this.#slot.contextTokens) {
      const message = `request (${promptTokens} tokens) exceeds the available context size (${this.#slot.contextTokens} tokens), try increasing it`;
      return send(response, 400, { error: { code: 400, message, type: "exceed_context_size_error" } });
    }
    const signal = this.#callers.follow(response);
    const release = await this.#slot.acquire();
    try {
      if (signal.aborted) return;
      await this.#inSlot({ body, text, promptTokens }, response, signal);
    } finally {
      release();
    }
  }

  async #inSlot(
    { body, text, promptTokens }: { body: Json; text: string; promptTokens: number },
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const served: Served = { asked: askedOf(body), tokens: 0, outcome: "running" };
    this.#served.push(served);
    this.#tell();
    const wire = new Wire(body, { id: ++this.#requests, promptTokens });
    const streams = body["stream"] === true;
    if (streams) {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(wire.opening());
    }
    const say = (piece: string): void => {
      const chunk = wire.piece(piece);
      if (streams && !signal.aborted) response.write(chunk);
    };
    const seed = typeof body["seed"] === "number" ? { seed: body["seed"] } : {};
    const maxTokens = Number(body["max_completion_tokens"] ?? body["max_tokens"] ?? Infinity);
    const prompt = { text, maxTokens, temperature: Number(body["temperature"] ?? 0), ...seed };
    const generated = await this.#slot.generate(prompt, say, signal);
    served.tokens = generated.tokens;
    served.outcome = generated.finish;
    if (generated.finish !== "aborted" && streams) response.end(wire.closing(generated));
    else if (generated.finish !== "aborted") send(response, 200, wire.whole(generated));
    this.#tell();
  }
}

function send(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

const FACTS: Readonly<Record<string, Json>> = {
  "GET /health": { status: "ok" },
  "GET /props": { total_slots: 1, model_alias: MODEL },
  "GET /v1/models": { object: "list", data: [{ id: MODEL, object: "model", created: 0, owned_by: "llamacpp" }] },
};

const [modelPath, contextTokens] = process.argv.slice(2);
const pace = new Pace();
const slot = await Slot.open({ modelPath: modelPath!, contextTokens: Number(contextTokens), pace });
const shim = new Shim(slot, pace);
process.on("message", (order) => shim.obey(order as Order));
// However the test ends, this ends with it.
process.on("disconnect", () => process.exit());
await shim.listen();
