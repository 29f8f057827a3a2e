import { mix } from "./hash.ts";
import type { Channel, Token, TokenSource } from "./token-source.ts";
import { splitTokens } from "./tokens.ts";
import type { Segment } from "./turn-plan.ts";
import { wordOf } from "./words.ts";

/** The tokens of a planned turn, from its beginning or from behind a part that is there already. */
export class Turn implements TokenSource {
  readonly #plan: readonly Segment[];
  readonly #hash: number;
  /** Tokens made and not yet given out, from `#at` on. */
  #ready: Token[] = [];
  #at = 0;
  #segment = 0;
  /** In the current segment: words so far, and their tokens. */
  #words = 0;
  #wordTokens = 0;
  #lineStart = true;

  constructor(plan: readonly Segment[], hash: number) {
    this.#plan = plan;
    this.#hash = hash;
  }

  next(): Token | undefined {
    while (this.#at === this.#ready.length) {
      this.#ready = [];
      this.#at = 0;
      const segment = this.#plan[this.#segment];
      if (segment === undefined) return undefined;
      if ("text" in segment) this.#fixed(segment);
      else this.#word(segment);
    }
    return this.#ready[this.#at++];
  }

  /**
   * Goes on behind `said`, wherever that ends, also inside a word or a tag. False if the turn does not begin with it: then a
   * model would go its own way from there, and this source is of no use any more.
   */
  skip(said: string): boolean {
    for (let at = 0; at < said.length;) {
      const token = this.next();
      if (token === undefined) return false;
      const rest = said.length - at;
      if (rest >= token.text.length) {
        if (!said.startsWith(token.text, at)) return false;
        at += token.text.length;
        continue;
      }
      if (!token.text.startsWith(said.slice(at))) return false;
      this.#ready = [...tokensOf(token.text.slice(rest), token.channel), ...this.#ready.slice(this.#at)];
      this.#at = 0;
      return true;
    }
    return true;
  }

  #fixed(segment: Segment & { readonly text: string; readonly atom?: boolean }): void {
    const { text, channel } = segment;
    if (text !== "") this.#ready.push(...(segment.atom === true ? [{ text, channel }] : tokensOf(text, channel)));
    this.#enter(this.#segment + 1);
    // What follows a label or an opening tag begins like a line.
    this.#lineStart = true;
  }

  #word(segment: Segment & { readonly tokens: number }): void {
    if (this.#wordTokens >= segment.tokens) {
      this.#enter(this.#segment + 1);
      return;
    }
    const word = wordOf(mix(this.#hash, this.#segment * 1_000_003 + this.#words));
    const tokens = this.#lineStart ? word.tokens : word.spacedTokens;
    for (const text of tokens) this.#ready.push({ text, channel: segment.channel });
    this.#words += 1;
    this.#wordTokens += tokens.length;
    this.#lineStart = word.endsLine;
  }

  #enter(segment: number): void {
    this.#segment = segment;
    this.#words = 0;
    this.#wordTokens = 0;
    this.#lineStart = true;
  }
}

function tokensOf(text: string, channel: Channel): Token[] {
  return splitTokens(text).map((piece) => ({ text: piece, channel }));
}
