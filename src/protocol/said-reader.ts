import { KEEPALIVE_ID } from "./answer-openai.ts";
import { NOTHING_SAID, type Said } from "./said.ts";
import { countIn, isFilled, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/** As different engines call a thought. */
const REASONING = ["reasoning_content", "reasoning"];

/** One run of a model, as far as it has come: what it added, and the engine's counts. */
export class SaidReader {
  #said: Said;
  /** Tokens of the runs before. */
  readonly #before: number | undefined;

  /** Goes on behind `before`, if anything was before. A run that is cut before it has counted anything has added nothing. */
  constructor(before?: Said) {
    this.#said = before ?? NOTHING_SAID;
    this.#before = before === undefined ? 0 : before.tokens;
  }

  get said(): Said {
    return this.#said;
  }

  /** Notes a chunk of a chat completion or a completion that has one choice. */
  read(value: JsonObject): void {
    if (value["id"] === KEEPALIVE_ID) return;
    this.#count(value);
    const [choice] = objectsIn(value["choices"]);
    if (choice === undefined) return;
    const delta = objectIn(choice["delta"]) ?? {};
    const { content, reasoning, calledTool } = this.#said;
    this.#said = {
      ...this.#said,
      content: content + (textIn(delta["content"]) ?? textIn(choice["text"]) ?? ""),
      reasoning: reasoning + reasoningOf(delta),
      calledTool: calledTool || isFilled(delta["tool_calls"]) || isFilled(delta["function_call"]),
    };
  }

  #count(value: JsonObject): void {
    const usage = objectIn(value["usage"]);
    const timings = objectIn(value["timings"]);
    const tokens = countIn(usage?.["completion_tokens"]) ?? countIn(timings?.["predicted_n"]);
    if (tokens !== undefined && this.#before !== undefined) {
      this.#said = { ...this.#said, tokens: this.#before + tokens };
    }
  }
}

/** The member of a delta that holds a piece of a thought. */
export function reasoningMember(delta: JsonObject): string | undefined {
  return REASONING.find((name) => textIn(delta[name]) !== undefined);
}

function reasoningOf(delta: JsonObject): string {
  const name = reasoningMember(delta);
  return name === undefined ? "" : (textIn(delta[name]) ?? "");
}
