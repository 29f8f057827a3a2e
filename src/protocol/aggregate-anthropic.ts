import { grow } from "./chat-message.ts";
import type { Collector } from "./collector.ts";
import { countIn, type JsonObject, objectIn, parseJson } from "./untrusted-json.ts";

/** Anthropic's messages. */
export class AnthropicCollector implements Collector {
  readonly #blocks = new Map<number, Block>();
  #message: JsonObject | undefined;
  #complete = false;

  take(value: JsonObject): void {
    switch (value["type"]) {
      case "message_start":
        this.#message = objectIn(value["message"]);
        break;
      case "content_block_start":
        this.#block(value).begin(objectIn(value["content_block"]) ?? {});
        break;
      case "content_block_delta":
        this.#block(value).add(objectIn(value["delta"]) ?? {});
        break;
      case "message_delta":
        this.#takeDelta(value);
        break;
      case "message_stop":
        this.#complete = true;
        break;
      default:
    }
  }

  answer(): unknown {
    if (this.#message === undefined || !this.#complete) return undefined;
    const content = [...this.#blocks].toSorted(([a], [b]) => a - b).map(([, block]) => block.whole());
    return { ...this.#message, content };
  }

  #takeDelta({ type: _type, delta, usage, ...members }: JsonObject): void {
    const counts = { ...objectIn(this.#message?.["usage"]), ...objectIn(usage) };
    this.#message = { ...this.#message, ...members, ...objectIn(delta), usage: counts };
  }

  #block(value: JsonObject): Block {
    const index = countIn(value["index"]) ?? 0;
    const block = this.#blocks.get(index) ?? new Block();
    this.#blocks.set(index, block);
    return block;
  }
}

class Block {
  #members = new Map<string, unknown>();
  #input = "";

  /** llama-server may begin a block a second time, when its text goes on in the last event. */
  begin(block: JsonObject): void {
    this.#members = new Map([...Object.entries(block), ...this.#members]);
  }

  add({ type: _type, ...delta }: JsonObject): void {
    for (const [name, piece] of Object.entries(delta)) {
      if (name === "partial_json") this.#input += typeof piece === "string" ? piece : "";
      else if (name === "citation") grow(this.#members, "citations", [piece]);
      else grow(this.#members, name, piece);
    }
  }

  whole(): JsonObject {
    const members = Object.fromEntries(this.#members);
    const takesInput = this.#input !== "" || members["type"] === "tool_use";
    return takesInput ? { ...members, input: parseJson(this.#input) ?? members["input"] ?? {} } : members;
  }
}
