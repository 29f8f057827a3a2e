import { textsOf, type Json } from "../fields.ts";
import { hashText, mix } from "../text/hash.ts";
import { countTokens } from "../text/tokens.ts";

/** A vector of length 1 that is the same for the same text. */
export function vectorOf(text: string, dimensions: number): number[] {
  const hash = hashText(text);
  const raw = Array.from({ length: dimensions }, (_, at) => (mix(hash, at) % 2001) / 1000 - 1);
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => Math.fround(value / length));
}

/** Little-endian floats, which is what OpenAI's client asks for unasked. */
export function base64Of(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

/** The texts to embed: one, several, or one in tokens. */
export function inputsOf(body: Json): string[] {
  const input = body["input"] ?? body["prompt"] ?? body["content"];
  const texts = textsOf(input);
  return texts.length > 0 || !Array.isArray(input) ? texts : [input.join(" ")];
}

export function tokensIn(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + countTokens(text), 0);
}

/** How well a text fits a query, in 0 to 1: the share of the query's words that it has. */
export function relevance(query: string, text: string): number {
  const wanted = new Set(wordsOf(query));
  const found = new Set(wordsOf(text).filter((word) => wanted.has(word)));
  return wanted.size === 0 ? 0 : found.size / wanted.size;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}
