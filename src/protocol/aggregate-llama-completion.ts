import { grow } from "./chat-message.ts";
import type { Collector } from "./collector.ts";
import type { Hidden } from "./hiding-rules.ts";
import { countIn, type JsonObject, objectIn } from "./untrusted-json.ts";

/**
 * llama-server's own completion. Its last object is the whole answer but for the text; several prompts make an array.
 */
export class LlamaCollector implements Collector {
  readonly #asked: ReadonlySet<Hidden>;
  readonly #results = new Map<number, Result>();

  constructor(hidden: readonly Hidden[]) {
    this.#asked = new Set(hidden);
  }

  take(value: JsonObject): void {
    const index = countIn(value["index"]) ?? 0;
    const result = this.#results.get(index) ?? { pieces: new Map(), last: undefined };
    this.#results.set(index, result);
    grow(result.pieces, "content", value["content"]);
    if (value["completion_probabilities"] !== undefined) {
      grow(result.pieces, "completion_probabilities", value["completion_probabilities"]);
    }
    if (value["stop"] !== false) result.last = value;
  }

  answer(): unknown {
    const results = [...this.#results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
    const answers = results.map(({ pieces, last }) => last && this.#whole(pieces, last));
    if (answers.length === 0 || answers.includes(undefined)) return undefined;
    return answers.length === 1 ? answers[0] : answers;
  }

  #whole(pieces: Map<string, unknown>, last: JsonObject): JsonObject {
    // With `response_fields` it has only what was asked for.
    if (!Object.hasOwn(last, "content")) pieces.delete("content");
    const settings = objectIn(last["generation_settings"]);
    if (settings === undefined) return { ...last, ...Object.fromEntries(pieces) };
    const asClientAsked = {
      ...settings,
      stream: false,
      ...(this.#asked.has("timings") ? { timings_per_token: false } : {}),
    };
    return { ...last, ...Object.fromEntries(pieces), generation_settings: asClientAsked };
  }
}

interface Result {
  readonly pieces: Map<string, unknown>;
  last: JsonObject | undefined;
}
