import { countIn, type JsonObject, objectIn } from "./untrusted-json.ts";
import type { UpstreamError } from "./upstream-error.ts";

/** What the engine says it counted. */
export interface Usage {
  /** Tokens of the prompt, those found in a cache included. */
  readonly promptTokens?: number;
  /** Generated tokens: so far, where the engine counts as it goes; after the end, of the whole answer. */
  readonly completionTokens?: number;
}

/** What was learnt about one answer. The dialects' readers write it, the watch shows it. */
export class AnswerNotes {
  #expectedChoices: number;
  readonly #seen = new Set<number>();
  readonly #finished = new Map<number, string | undefined>();
  started = false;
  tokens = 0;
  usage: Usage = {};
  error: UpstreamError | undefined;
  /** Why the answer will end, where a dialect says that before it says the end. */
  reasonAhead: string | undefined;

  constructor(expectedChoices: number) {
    this.#expectedChoices = expectedChoices;
  }

  /** A piece of content came. */
  content(): void {
    this.started = true;
    this.tokens += 1;
  }

  /** There is a choice with that index. */
  choice(index: number): void {
    this.#seen.add(index);
  }

  /** A choice, or an answer that has no choices, came to its end. */
  finish(reason: string | undefined, index = 0): void {
    this.#seen.add(index);
    this.#finished.set(index, reason ?? this.#finished.get(index));
  }

  /** The whole answer came, whatever it said of its end. */
  complete(): void {
    for (const index of [0, ...this.#seen]) this.finish(undefined, index);
    this.#expectedChoices = 0;
  }

  /** The first error stays: what follows is its consequence. One behind the end changes nothing. */
  fail(error: UpstreamError): void {
    if (!this.finished) this.error ??= error;
  }

  /** A count replaces the earlier one; what is no count leaves it. */
  count(promptTokens: unknown, completionTokens: unknown): void {
    const prompt = countIn(promptTokens);
    const completion = countIn(completionTokens);
    if (prompt !== undefined) this.usage = { ...this.usage, promptTokens: prompt };
    if (completion !== undefined) this.usage = { ...this.usage, completionTokens: completion };
  }

  /** llama-server's own counts. */
  countTimings(value: unknown): void {
    const timings = objectIn(value);
    if (timings === undefined) return;
    this.count(promptTokensIn(timings), timings["predicted_n"]);
  }

  get finished(): boolean {
    return this.#finished.size >= Math.max(this.#expectedChoices, this.#seen.size);
  }

  /** Of the first choice. */
  get finishReason(): string | undefined {
    return this.#finished.get(0);
  }
}

/** Of llama-server's timings: what of the prompt it computed, beside what it found in its cache. */
export function promptTokensIn(timings: JsonObject | undefined): number | undefined {
  const computed = countIn(timings?.["prompt_n"]);
  return computed === undefined ? undefined : computed + (countIn(timings?.["cache_n"]) ?? 0);
}
