import { hashText, mix } from "./hash.ts";
import type { Token, TokenSource } from "./token-source.ts";
import { splitTokens } from "./tokens.ts";
import { wordOf } from "./words.ts";

/** Tokens of an average word, to turn a wish in tokens into a chance to end after each word. */
const TOKENS_A_WORD = 1.6;

const SALT_OF_END = 0x5eed;

/**
 * Continues a text that says nothing of whose turn it is (a raw completion). Each word, and whether it is the last, follows from
 * all the text before it: the text alone is the model's memory, so whoever continues a continued text gets the same words.
 */
export class RawText implements TokenSource {
  readonly #meanWords: number;
  #tokens: string[];
  #at = 0;
  /** Of everything up to the beginning of the current word. */
  #hash: number;

  constructor(text: string, { meanTokens, seed }: { readonly meanTokens: number; readonly seed: number }) {
    this.#meanWords = Math.max(1, Math.round(meanTokens / TOKENS_A_WORD));
    const boundary = Math.max(0, text.lastIndexOf(" "));
    const begun = text.slice(boundary);
    this.#hash = hashText(text.slice(0, boundary), seed);
    const word = this.#wordHere();
    if (word.startsWith(begun) && !this.#endsHere()) {
      this.#tokens = splitTokens(word.slice(begun.length));
      this.#hash = hashText(word, this.#hash);
    } else {
      // Somebody else's word: what follows it is a new one.
      this.#hash = hashText(begun, this.#hash);
      this.#tokens = [];
    }
  }

  next(): Token | undefined {
    while (this.#at === this.#tokens.length) {
      if (this.#endsHere()) return undefined;
      const word = this.#wordHere();
      this.#tokens = splitTokens(word);
      this.#at = 0;
      this.#hash = hashText(word, this.#hash);
    }
    return { text: this.#tokens[this.#at++]!, channel: "content" };
  }

  #wordHere(): string {
    return ` ${wordOf(mix(this.#hash, 1)).text}`;
  }

  #endsHere(): boolean {
    return mix(this.#hash, SALT_OF_END) % this.#meanWords === 0;
  }
}
