import type { Answer, Choice, Piece, ToolCall } from "../answer.ts";
import { idOf } from "../answer.ts";
import type { Progress, Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { SSE, typedFrame } from "./frames.ts";

/** Where the servers that speak OpenAI's Responses differ. */
export interface ResponsesFlavour {
  /**
   * `full`: every event has its sequence number and indices. `terse`: none has, items are announced with less, and a text is
   * completed at the very end (llama-server).
   */
  readonly form: "full" | "terse";
  usage(answer: Answer): Json;
  /** Says in its events how far the prompt was read, if that was asked for. */
  progress?(progress: Progress): Json;
}

export const PLAIN_RESPONSES: ResponsesFlavour = {
  form: "full",
  usage: ({ promptTokens, cachedTokens, completionTokens, choices }) => ({
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: choices[0]?.reasoningTokens ?? 0 },
    total_tokens: promptTokens + completionTokens,
  }),
};

type ItemType = "reasoning" | "message" | "function_call";

export function responsesWire(answer: Answer, flavour: ResponsesFlavour): Wire {
  const events = new ResponseEvents(answer, flavour);
  return {
    contentType: SSE,
    ...(flavour.progress === undefined ? {} : { progress: (progress) => events.progress(progress) }),
    opening: () => events.opening({}),
    piece: (piece) => events.piece(piece),
    closing: () => events.closing(),
    whole: () => events.response(true),
  };
}

class ResponseEvents {
  readonly #answer: Answer;
  readonly #flavour: ResponsesFlavour;
  #sequence = 0;
  #opened = false;
  #item: ItemType | undefined;
  #output = -1;

  constructor(answer: Answer, flavour: ResponsesFlavour) {
    this.#answer = answer;
    this.#flavour = flavour;
  }

  /** Nothing if progress was told before. */
  opening(extra: Json): string {
    if (this.#opened) return "";
    this.#opened = true;
    const response = this.#begunResponse();
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response, ...extra });
  }

  progress(progress: Progress): string {
    const extra = this.#flavour.progress!(progress);
    if (!this.#opened) return this.opening(extra);
    return this.#event("response.in_progress", { response: this.#begunResponse(), ...extra });
  }

  piece({ reasoning, content, toolCall, toolArguments }: Piece): string {
    let frames = "";
    if (reasoning !== "") frames += this.#text("reasoning", "response.reasoning_text.delta", reasoning);
    if (content !== "") frames += this.#text("message", "response.output_text.delta", content);
    if (toolCall !== undefined) frames += this.#enter("function_call");
    if (toolArguments !== "") frames += this.#delta("response.function_call_arguments.delta", toolArguments);
    return frames;
  }

  closing(): string {
    const frames = this.#terse ? this.#allDone() : this.#leave();
    const response = this.response(false);
    const type = response["status"] === "incomplete" ? "response.incomplete" : "response.completed";
    return frames + this.#event(type, { response });
  }

  /** The whole answer: `alone`, or in the last event of a stream, where llama-server says a little less. */
  response(alone: boolean): Json {
    const { created, model } = this.#answer;
    // llama-server calls an answer complete that ran into its limit.
    const cut = this.#choice.finish === "length" && !this.#terse;
    return {
      id: this.#id("resp"),
      object: "response",
      created_at: created,
      ...(this.#terse && alone ? { completed_at: created } : {}),
      status: cut ? "incomplete" : "completed",
      ...(cut ? { incomplete_details: { reason: "max_output_tokens" } } : {}),
      model,
      output: this.#items(alone),
      usage: this.#flavour.usage(this.#answer),
    };
  }

  #begunResponse(): Json {
    const { created, model } = this.#answer;
    const more = this.#terse ? {} : { created_at: created, model, output: [] };
    return { id: this.#id("resp"), object: "response", status: "in_progress", ...more };
  }

  get #terse(): boolean {
    return this.#flavour.form === "terse";
  }

  get #choice(): Choice {
    return this.#answer.choices[0]!;
  }

  #event(type: string, data: Json): string {
    if (this.#terse) return typedFrame({ type, ...data });
    return typedFrame({ type, sequence_number: this.#sequence++, ...data });
  }

  /** Adds where an event belongs, which terse events leave out. */
  #placed(data: Json, part: boolean): Json {
    if (this.#terse) return data;
    return { ...data, output_index: this.#output, ...(part ? { content_index: 0 } : {}) };
  }

  #text(item: ItemType, type: string, delta: string): string {
    return this.#enter(item) + this.#delta(type, delta);
  }

  #delta(type: string, delta: string): string {
    const part = this.#item !== "function_call";
    return this.#event(type, this.#placed({ item_id: this.#itemId(), delta }, part));
  }

  #enter(item: ItemType): string {
    if (this.#item === item && item !== "function_call") return "";
    const before = this.#terse ? "" : this.#leave();
    this.#item = item;
    this.#output += 1;
    const added = this.#event("response.output_item.added", this.#placed({ item: this.#begun() }, false));
    if (item === "function_call" || (item === "reasoning" && this.#terse)) return before + added;
    const part =
      item === "message" ? { type: "output_text", text: "", annotations: [] } : { type: "reasoning_text", text: "" };
    return (
      before + added + this.#event("response.content_part.added", this.#placed({ item_id: this.#itemId(), part }, true))
    );
  }

  /** The events that complete the current item. */
  #leave(): string {
    const item = this.#item;
    if (item === undefined) return "";
    const whole = this.#items(false)[this.#output]!;
    const done = this.#event("response.output_item.done", this.#placed({ item: whole }, false));
    const id = this.#itemId();
    this.#item = undefined;
    if (item === "function_call") {
      const text = this.#choice.toolCalls.at(-1)!.arguments;
      return (
        this.#event("response.function_call_arguments.done", this.#placed({ item_id: id, arguments: text }, false)) +
        done
      );
    }
    const [type, text] =
      item === "message"
        ? (["output_text", this.#choice.content] as const)
        : (["reasoning_text", this.#choice.reasoning] as const);
    const part = { type, text, ...(item === "message" ? { annotations: [] } : {}) };
    return (
      this.#event(`response.${type}.done`, this.#placed({ item_id: id, text }, true)) +
      this.#event("response.content_part.done", this.#placed({ item_id: id, part }, true)) +
      done
    );
  }

  /** Terse: everything is completed at the end. */
  #allDone(): string {
    let frames = "";
    for (const item of this.#items(false)) {
      if (item["type"] === "message") {
        const id = this.#id("msg");
        const text = this.#choice.content;
        frames += this.#event("response.output_text.done", { item_id: id, text });
        frames += this.#event("response.content_part.done", { item_id: id, part: outputText(text) });
      }
      frames += this.#event("response.output_item.done", { item });
    }
    return frames;
  }

  #begun(): Json {
    const status = "in_progress";
    if (this.#item === "reasoning") {
      return { id: this.#id("rs"), summary: [], type: "reasoning", content: [], encrypted_content: "", status };
    }
    if (this.#item === "function_call") return { ...callItem(this.#choice.toolCalls.at(-1)!), arguments: "", status };
    return { content: [], id: this.#id("msg"), role: "assistant", status, type: "message" };
  }

  #items(alone: boolean): Json[] {
    const { reasoning, content, toolCalls } = this.#choice;
    const thought = { text: reasoning, type: "reasoning_text" };
    const status = "completed";
    const told = this.#terse && !alone ? {} : { status };
    return [
      ...(reasoning === ""
        ? []
        : [{ id: this.#id("rs"), summary: [], type: "reasoning", content: [thought], encrypted_content: "", ...told }]),
      ...(content === ""
        ? []
        : [{ type: "message", status, id: this.#id("msg"), content: [outputText(content)], role: "assistant" }]),
      ...toolCalls.map(callItem),
    ];
  }

  #itemId(): string {
    if (this.#item === "function_call") return `fc_${this.#choice.toolCalls.at(-1)!.id}`;
    return this.#id(this.#item === "reasoning" ? "rs" : "msg");
  }

  #id(kind: "resp" | "rs" | "msg"): string {
    return `${kind}_${idOf(this.#answer.serial * 3 + kind.length, 32)}`;
  }
}

function outputText(text: string): Json {
  return { type: "output_text", annotations: [], logprobs: [], text };
}

function callItem({ id, name, arguments: text }: ToolCall): Json {
  return { id: `fc_${id}`, type: "function_call", status: "completed", arguments: text, call_id: `call_${id}`, name };
}
