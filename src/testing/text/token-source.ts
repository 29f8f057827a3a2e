/** What a part of an answer is. Clients see the last three; markup is the model's own (`<think>`) and costs tokens only. */
export type Channel = "markup" | "tool-name" | "reasoning" | "content" | "tool-arguments";

export interface Token {
  /** "" for a token that ends inside a character. */
  readonly text: string;
  readonly channel: Channel;
}

/** A model in the middle of an answer. */
export interface TokenSource {
  /** The next token, or undefined where the model ends its turn. */
  next(): Token | undefined;
}
