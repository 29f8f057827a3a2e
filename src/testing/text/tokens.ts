/**
 * Text into tokens, as a byte-level tokenizer would do it: a word is one or more tokens, and a character of three or four bytes is
 * two, of which the first shows nothing yet. So tokens and deltas differ in number, as they do on a real server.
 *
 * Splitting is the same wherever the text is cut, so that a prompt with half an answer behind it counts as the prompt and the half.
 */

const SPACE = 0x20;

/** Letters of one token; a space before them is free. */
const LETTERS = 5;

const SPECIAL = /<\|[a-z_]+\|>|<\/?(?:think|tools|tool_call|tool_response)>/y;

/** The tokens of `text`; "" is a token that ends inside a character. */
export function splitTokens(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = tokenEnd(text, at);
    if (bytesAt(text, at) >= 3) tokens.push("");
    tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}

/** How many tokens `splitTokens` would return for the first `length` characters. */
export function countTokens(text: string, length: number = text.length): number {
  let count = 0;
  for (let at = 0; at < length; count++) {
    if (bytesAt(text, at) >= 3) count += 1;
    at = tokenEnd(text, at);
  }
  return count;
}

/** A token's number in the vocabulary; only equality means anything. */
export function tokenId(token: string): number {
  let id = 7;
  for (let at = 0; at < token.length; at++) id = (id * 31 + token.charCodeAt(at)) % 151_000;
  return id;
}

function tokenEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first > 0x7f) return start + (isHighSurrogate(first) && start + 1 < text.length ? 2 : 1);
  if (first === 0x3c) return specialEnd(text, start);
  const word = first === SPACE ? start + 1 : start;
  let end = word;
  while (end < text.length && end - word < LETTERS && isLetter(text.charCodeAt(end))) end += 1;
  return end === start ? start + 1 : end;
}

function specialEnd(text: string, start: number): number {
  SPECIAL.lastIndex = start;
  return SPECIAL.test(text) ? SPECIAL.lastIndex : start + 1;
}

function bytesAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return isHighSurrogate(code) ? 4 : 3;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
