import type { Json } from "../support/gateway.ts";
import type { Generated } from "./slot.ts";

/** What the model is called. */
export const MODEL = "tiny-random";

/** One answer on its way: what llama-server would write for it, of its `server-task.cpp`. */
export class Wire {
  readonly #object: "chat.completion" | "text_completion";
  readonly #id: string;
  readonly #created = Math.floor(Date.now() / 1000);
  readonly #promptTokens: number;
  readonly #body: Json;
  #text = "";
  #tokens = 0;

  constructor(body: Json, details: { readonly id: number; readonly promptTokens: number }) {
    this.#body = body;
    this.#object = "messages" in body ? "chat.completion" : "text_completion";
    this.#id = `chatcmpl-${String(details.id).padStart(32, "0")}`;
    this.#promptTokens = details.promptTokens;
  }

  /** What a stream begins with. */
  opening(): string {
    return this.#isChat ? this.#chunk({ delta: { role: "assistant", content: null }, finish_reason: null }) : "";
  }

  piece(text: string): string {
    this.#text += text;
    this.#tokens += 1;
    const timings = this.#body["timings_per_token"] === true ? { timings: this.#timings() } : {};
    const part = this.#isChat ? { delta: { content: text } } : { text, logprobs: null };
    return this.#chunk({ ...part, finish_reason: null }, timings);
  }

  /** What a stream ends with. The timings go with the usage, which has a chunk of its own in a chat. */
  closing({ finish }: Generated): string {
    const timings = { timings: this.#timings() };
    const usage = { usage: this.#usage() };
    const end = { ...(this.#isChat ? { delta: {} } : { text: "", logprobs: null }), finish_reason: finish };
    const options = this.#body["stream_options"] as Json | undefined;
    if (!this.#isChat) return `${this.#chunk(end, { ...usage, ...timings })}data: [DONE]\n\n`;
    if (options?.["include_usage"] !== true) return `${this.#chunk(end, timings)}data: [DONE]\n\n`;
    const counts = frame({ choices: [], ...this.#envelope(true), ...usage, ...timings });
    return `${this.#chunk(end)}${counts}data: [DONE]\n\n`;
  }

  /** The answer to who does not stream. */
  whole({ finish }: Generated): Json {
    const said = this.#isChat
      ? { message: { role: "assistant", content: this.#text } }
      : { text: this.#text, logprobs: null };
    const choices = [{ index: 0, ...said, finish_reason: finish }];
    return { choices, ...this.#envelope(false), usage: this.#usage(), timings: this.#timings() };
  }

  get #isChat(): boolean {
    return this.#object === "chat.completion";
  }

  #chunk(choice: Json, more: Json = {}): string {
    return frame({ choices: [{ index: 0, ...choice }], ...this.#envelope(true), ...more });
  }

  #envelope(streams: boolean): Json {
    const object = streams && this.#isChat ? "chat.completion.chunk" : this.#object;
    return { created: this.#created, id: this.#id, model: MODEL, object };
  }

  #usage(): Json {
    const total = this.#promptTokens + this.#tokens;
    return { completion_tokens: this.#tokens, prompt_tokens: this.#promptTokens, total_tokens: total };
  }

  #timings(): Json {
    return { cache_n: 0, prompt_n: this.#promptTokens, predicted_n: this.#tokens };
  }
}

function frame(value: Json): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
