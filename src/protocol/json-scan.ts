/**
 * Walks over JSON text in UTF-8 without building its values (RFC 8259). It accepts what `JSON.parse` accepts of the decoded text:
 * bytes that are no UTF-8 are replacement characters to a decoder, so they may stand inside a string and nowhere else.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What may follow a backslash, `u` aside. */
const ESCAPES = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPES[letter.charCodeAt(0)] = 1;

/** The body is no JSON, or not the JSON object it must be. */
export class JsonSyntaxError extends Error {
  readonly code = "invalid_json";
  /** Bytes before the place where it went wrong. */
  readonly offset: number;

  constructor(body: Uint8Array, offset: number, expected: string) {
    super(`invalid JSON: expected ${expected} at byte ${offset}, found ${describe(body, offset)}`);
    this.name = "JsonSyntaxError";
    this.offset = offset;
  }
}

function describe(body: Uint8Array, offset: number): string {
  const byte = body[offset];
  if (byte === undefined) return "the end";
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, "0")}`;
}

/** The offset after the white space at `at`. */
export function skipSpace(body: Uint8Array, at: number): number {
  let next = at;
  for (; next < body.length; next += 1) {
    const byte = body[next]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return next;
}

/**
 * The offset after the value that begins at `at`.
 *
 * @throws {JsonSyntaxError}
 */
export function skipValue(body: Uint8Array, at: number): number {
  const first = body[at];
  return first === OPEN_OBJECT || first === OPEN_ARRAY ? skipNested(body, at) : skipScalar(body, at);
}

/** Nesting takes a byte of memory a level and no stack, so a hostile depth costs no more than its length. */
function skipNested(body: Uint8Array, at: number): number {
  // The brackets that will close what is open, innermost last.
  let closers = new Uint8Array(32);
  let depth = 0;
  let next = at;
  for (;;) {
    // A value begins here.
    const first = body[next];
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      const closer = first === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
      next = skipSpace(body, next + 1);
      if (body[next] !== closer) {
        if (depth === closers.length) closers = enlarged(closers);
        closers[depth] = closer;
        depth += 1;
        if (closer === CLOSE_OBJECT) next = skipKey(body, next);
        continue;
      }
      next += 1;
    } else next = skipScalar(body, next);

    // A value ended here: leave what ends with it, up to the next value.
    for (;;) {
      if (depth === 0) return next;
      const closer = closers[depth - 1]!;
      next = skipSpace(body, next);
      if (body[next] === COMMA) {
        next = skipSpace(body, next + 1);
        if (closer === CLOSE_OBJECT) next = skipKey(body, next);
        break;
      }
      if (body[next] !== closer) throw new JsonSyntaxError(body, next, `"," or "${String.fromCharCode(closer)}"`);
      depth -= 1;
      next += 1;
    }
  }
}

function enlarged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/** The offset of the value that belongs to the key at `at`. */
function skipKey(body: Uint8Array, at: number): number {
  return skipColon(body, skipString(body, at));
}

/** The offset of the value that follows a key which ended at `at`. */
export function skipColon(body: Uint8Array, at: number): number {
  const colon = skipSpace(body, at);
  if (body[colon] !== COLON) throw new JsonSyntaxError(body, colon, '":"');
  return skipSpace(body, colon + 1);
}

/** The offset after the string that begins at `at`. */
export function skipString(body: Uint8Array, at: number): number {
  if (body[at] !== QUOTE) throw new JsonSyntaxError(body, at, "a string");
  let next = at + 1;
  for (; next < body.length; next += 1) {
    const byte = body[next]!;
    if (byte === QUOTE) return next + 1;
    if (byte === BACKSLASH) next = skipEscape(body, next + 1);
    else if (byte < 0x20) throw new JsonSyntaxError(body, next, "a character of the string, or its end");
  }
  throw new JsonSyntaxError(body, next, "the end of the string");
}

/** The offset of the last byte of the escape whose backslash stands before `at`. */
function skipEscape(body: Uint8Array, at: number): number {
  const byte = body[at];
  if (byte === LOWER_U) {
    for (let digit = at + 1; digit <= at + 4; digit += 1) {
      if (!isHexDigit(body[digit])) throw new JsonSyntaxError(body, digit, "a hexadecimal digit");
    }
    return at + 4;
  }
  if (byte === undefined || ESCAPES[byte] !== 1) throw new JsonSyntaxError(body, at, "an escape");
  return at;
}

function skipScalar(body: Uint8Array, at: number): number {
  const first = body[at];
  if (first === QUOTE) return skipString(body, at);
  if (first === MINUS || isDigit(first)) return skipNumber(body, at);
  for (const word of ["true", "false", "null"]) if (standsAt(body, at, word)) return at + word.length;
  throw new JsonSyntaxError(body, at, "a value");
}

function skipNumber(body: Uint8Array, at: number): number {
  let next = body[at] === MINUS ? at + 1 : at;
  next = body[next] === ZERO ? next + 1 : skipDigits(body, next);
  if (body[next] === DOT) next = skipDigits(body, next + 1);
  if (body[next] === LOWER_E || body[next] === UPPER_E) {
    next += 1;
    if (body[next] === PLUS || body[next] === MINUS) next += 1;
    next = skipDigits(body, next);
  }
  return next;
}

function skipDigits(body: Uint8Array, at: number): number {
  if (!isDigit(body[at])) throw new JsonSyntaxError(body, at, "a digit");
  let next = at + 1;
  while (isDigit(body[next])) next += 1;
  return next;
}

function standsAt(body: Uint8Array, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if (body[at + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lowerCase = byte | 0x20;
  return isDigit(byte) || (lowerCase >= 0x61 && lowerCase <= 0x66);
}
