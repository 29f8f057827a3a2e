const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** As in null and false. */
const LOWER_N = 0x6e;
const LOWER_F = 0x66;

interface Mark {
  readonly name: Uint8Array;
  readonly bit: number;
  readonly evenEmpty: boolean;
}

/** Names to look for, by their length. */
export type Marks = readonly (readonly Mark[] | undefined)[];

/**
 * Prepares a search for members by their names, each with the bit that `skim` reports; of `present` even empty ones.
 */
export function marks(filled: Readonly<Record<string, number>>, present: Readonly<Record<string, number>> = {}): Marks {
  const table: Mark[][] = [];
  const add = (names: Readonly<Record<string, number>>, evenEmpty: boolean): void => {
    for (const [text, bit] of Object.entries(names)) {
      const name = new TextEncoder().encode(text);
      (table[name.length] ??= []).push({ name, bit, evenEmpty });
    }
  };
  add(filled, false);
  add(present, true);
  return Array.from(table);
}

/**
 * Says which members a JSON text has, at any depth, that hold something: anything but `null`, `false`, `""`, `[]` and
 * `{}`. The answer is the union of their bits.
 *
 * It only tells whether a text is worth parsing, and does so several times faster than a parser: one pass over the
 * bytes, nothing built. It passes over the inside of strings, so what a model writes cannot look like a member. It
 * overlooks names that are spelt with escapes, which no serialiser does to these, and takes any bytes, JSON or not.
 */
export function skim(text: Uint8Array, table: Marks): number {
  const { length } = text;
  let found = 0;
  let at = 0;
  while (at < length) {
    if (text[at] !== QUOTE) {
      at += 1;
      continue;
    }
    const start = at + 1;
    at = start;
    while (at < length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
    const size = at - start;
    at += 1;
    const candidates = size < table.length ? table[size] : undefined;
    if (candidates === undefined) continue;
    const value = behindColon(text, at);
    if (value < 0) continue;
    for (const { name, bit, evenEmpty } of candidates) {
      if (isAt(text, start, name) && (evenEmpty || isFilled(text, value))) found |= bit;
    }
    at = value;
  }
  return found;
}

/** Where the value of the key that ends at `at` begins; -1 if that string is no key. */
function behindColon(text: Uint8Array, at: number): number {
  const colon = behindSpace(text, at);
  return text[colon] === COLON ? behindSpace(text, colon + 1) : -1;
}

function behindSpace(text: Uint8Array, at: number): number {
  let next = at;
  while (text[next]! <= 0x20) next += 1;
  return next;
}

function isAt(text: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index += 1) if (text[start + index] !== name[index]) return false;
  return true;
}

function isFilled(text: Uint8Array, value: number): boolean {
  const first = text[value];
  if (first === QUOTE) return text[value + 1] !== QUOTE;
  if (first === OPEN_ARRAY) return text[behindSpace(text, value + 1)] !== CLOSE_ARRAY;
  if (first === OPEN_OBJECT) return text[behindSpace(text, value + 1)] !== CLOSE_OBJECT;
  return first !== LOWER_N && first !== LOWER_F;
}
