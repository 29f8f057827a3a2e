import type { Answer, Choice, Piece } from "../answer.ts";
import { idOf } from "../answer.ts";
import type { Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { SSE, typedFrame } from "./frames.ts";

/** Where the servers that speak Anthropic's Messages differ. */
export interface MessagesFlavour {
  id(answer: Answer): string;
  /** Without `output_tokens`. */
  usage(answer: Answer): Json;
  /** A `ping` after the start, as Anthropic's own service sends. */
  readonly ping: boolean;
  /** Blocks are closed where the next one begins; otherwise all together at the end. */
  readonly closesBlocks: boolean;
  /** A stop string is a reason of its own. */
  readonly tellsStopSequence: boolean;
  /** A call begins with an empty `input`. */
  readonly emptyInput: boolean;
}

export const PLAIN_MESSAGES: MessagesFlavour = {
  id: ({ serial }) => `msg_${idOf(serial, 24)}`,
  usage: ({ promptTokens }) => ({ input_tokens: promptTokens }),
  ping: true,
  closesBlocks: true,
  tellsStopSequence: true,
  emptyInput: true,
};

export function messagesWire(answer: Answer, flavour: MessagesFlavour): Wire {
  const head: Json = { id: flavour.id(answer), type: "message", role: "assistant" };
  const blocks = new Blocks(flavour);
  const stop = (): Json => stopOf(answer.choices[0]!, flavour.tellsStopSequence);

  return {
    contentType: SSE,
    opening() {
      const usage = { ...flavour.usage(answer), output_tokens: 0 };
      const message = { ...head, content: [], model: answer.model, stop_reason: null, stop_sequence: null, usage };
      return typedFrame({ type: "message_start", message }) + (flavour.ping ? typedFrame({ type: "ping" }) : "");
    },
    piece: (piece) => blocks.add(piece),
    closing() {
      const usage = { output_tokens: answer.completionTokens };
      return typedFrame({ type: "message_delta", delta: stop(), usage }) + typedFrame({ type: "message_stop" });
    },
    whole: () => ({
      ...head,
      content: wholeBlocks(answer.choices[0]!),
      model: answer.model,
      ...stop(),
      usage: { ...flavour.usage(answer), output_tokens: answer.completionTokens },
    }),
  };
}

type BlockType = "thinking" | "text" | "tool_use";

/** The frames of content blocks. */
class Blocks {
  readonly #flavour: MessagesFlavour;
  readonly #types: BlockType[] = [];
  #closed = 0;

  constructor(flavour: MessagesFlavour) {
    this.#flavour = flavour;
  }

  add({ reasoning, content, toolCall, toolArguments, finish }: Piece): string {
    let frames = "";
    if (reasoning !== "") {
      frames +=
        this.#enter("thinking", { thinking: "" }) + this.#delta({ type: "thinking_delta", thinking: reasoning });
    }
    if (content !== "")
      frames += this.#enter("text", { text: "" }) + this.#delta({ type: "text_delta", text: content });
    if (toolCall !== undefined) {
      const input = this.#flavour.emptyInput ? { input: {} } : {};
      frames += this.#enter("tool_use", { id: toolCall.id, name: toolCall.name, ...input });
    }
    if (toolArguments !== "") frames += this.#delta({ type: "input_json_delta", partial_json: toolArguments });
    return finish === undefined ? frames : frames + this.#closeAll();
  }

  #enter(type: BlockType, block: Json): string {
    if (this.#types.at(-1) === type && type !== "tool_use") return "";
    const before = this.#flavour.closesBlocks ? this.#closeAll() : "";
    this.#types.push(type);
    const index = this.#types.length - 1;
    return before + typedFrame({ type: "content_block_start", index, content_block: { type, ...block } });
  }

  #delta(delta: Json): string {
    return typedFrame({ type: "content_block_delta", index: this.#types.length - 1, delta });
  }

  #closeAll(): string {
    let frames = "";
    for (; this.#closed < this.#types.length; this.#closed++) {
      const index = this.#closed;
      // A local model has nothing to sign with; clients want the signature of a thought all the same.
      if (this.#types[index] === "thinking") {
        frames += typedFrame({ type: "content_block_delta", index, delta: { type: "signature_delta", signature: "" } });
      }
      frames += typedFrame({ type: "content_block_stop", index });
    }
    return frames;
  }
}

function wholeBlocks({ reasoning, content, toolCalls }: Choice): Json[] {
  return [
    ...(reasoning === "" ? [] : [{ type: "thinking", thinking: reasoning, signature: "" }]),
    ...(content === "" ? [] : [{ type: "text", text: content }]),
    ...toolCalls.map(({ id, name, arguments: text }) => ({ type: "tool_use", id, name, input: parsed(text) })),
  ];
}

/** Cut by a limit, the arguments are no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const STOP_REASONS = { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use" } as const;

function stopOf({ finish = "stop", stopWord }: Choice, tellsStopSequence: boolean): Json {
  const reason = stopWord !== undefined && tellsStopSequence ? "stop_sequence" : STOP_REASONS[finish];
  return { stop_reason: reason, stop_sequence: stopWord ?? null };
}
