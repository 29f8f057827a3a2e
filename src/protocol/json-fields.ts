import { JsonSyntaxError, skipColon, skipSpace, skipString, skipValue } from "./json-scan.ts";

export { JsonSyntaxError } from "./json-scan.ts";

const utf8 = new TextDecoder();

/** A piece of the body: from `start` up to, not including, `end`, in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Offsets kept of one member: key start, key end, value start, value end, quotes included. */
const STRIDE = 4;

/**
 * The members of a body's top-level object, found without building their values. Holds on to the body; reads it only.
 *
 * A name that occurs more than once counts as `JSON.parse` counts it, by its last value; {@link JsonFields.occurrences} knows all.
 */
export class JsonFields {
  readonly body: Uint8Array;
  /** The offset after the opening brace. */
  readonly start: number;
  readonly #offsets: readonly number[];

  constructor(body: Uint8Array, start: number, offsets: readonly number[]) {
    this.body = body;
    this.start = start;
    this.#offsets = offsets;
  }

  /** How many members there are, repeated ones included. */
  get count(): number {
    return this.#offsets.length / STRIDE;
  }

  /** Where the value of `name` stands; `undefined` when there is none. */
  get(name: string): Span | undefined {
    for (let index = this.count - 1; index >= 0; index -= 1) if (this.#isNamed(index, name)) return this.value(index);
    return undefined;
  }

  /** The indexes of all members with that name, in the order of the body. */
  occurrences(name: string): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.count; index += 1) if (this.#isNamed(index, name)) found.push(index);
    return found;
  }

  /** Where the key of the member with that index stands, quotes included. */
  key(index: number): Span {
    return { start: this.#offsets[index * STRIDE]!, end: this.#offsets[index * STRIDE + 1]! };
  }

  /** Where the value of the member with that index stands. */
  value(index: number): Span {
    return { start: this.#offsets[index * STRIDE + 2]!, end: this.#offsets[index * STRIDE + 3]! };
  }

  /** Compares bytes as long as they stand for themselves; an escape or a byte beyond ASCII is left to the parser. */
  #isNamed(index: number, name: string): boolean {
    const { body } = this;
    const { start, end } = this.key(index);
    const first = start + 1;
    const last = end - 1;
    for (let at = first; at < last; at += 1) {
      const byte = body[at]!;
      if (byte === 0x5c || byte >= 0x80) return parseSpan(body, { start, end }) === name;
      if (byte !== name.charCodeAt(at - first)) return false;
    }
    return last - first === name.length;
  }
}

/**
 * Finds the members of the object that `body` is: JSON in UTF-8, with or without a byte order mark (RFC 8259 §8.1).
 *
 * Accepts exactly the objects that `JSON.parse` accepts of the decoded body. One pass over the bytes.
 *
 * @throws {JsonSyntaxError} when the body is anything else.
 */
export function topLevelFields(body: Uint8Array): JsonFields {
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  let at = skipSpace(body, hasMark ? 3 : 0);
  if (body[at] !== 0x7b) throw new JsonSyntaxError(body, at, 'a JSON object, "{"');
  const start = at + 1;
  const offsets: number[] = [];
  at = skipSpace(body, start);
  if (body[at] !== 0x7d) {
    at = readMember(body, at, offsets);
    while (body[at] === 0x2c) at = readMember(body, skipSpace(body, at + 1), offsets);
    if (body[at] !== 0x7d) throw new JsonSyntaxError(body, at, '"," or "}"');
  }
  at = skipSpace(body, at + 1);
  if (at < body.length) throw new JsonSyntaxError(body, at, "nothing more");
  return new JsonFields(body, start, offsets);
}

/** Notes the member whose key is at `at`; returns the offset of what follows its value. */
function readMember(body: Uint8Array, at: number, offsets: number[]): number {
  const keyEnd = skipString(body, at);
  const start = skipColon(body, keyEnd);
  const end = skipValue(body, start);
  offsets.push(at, keyEnd, start, end);
  return skipSpace(body, end);
}

/** The value of `name`, parsed; nothing else of the body is. `undefined` when there is none. */
export function readField(body: Uint8Array, fields: JsonFields, name: string): unknown {
  const span = fields.get(name);
  return span === undefined ? undefined : parseSpan(body, span);
}

/** The value that stands there. */
export function parseSpan(body: Uint8Array, { start, end }: Span): unknown {
  return JSON.parse(utf8.decode(body.subarray(start, end)));
}
