/** Random JSON objects in random spelling, and texts that are nearly JSON. */
import fc, { type Arbitrary } from "fast-check";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The members of an object; `undefined` for anything else. A map, because `__proto__` is a name like any other. */
export function membersOf(value: unknown): Map<string, unknown> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}

/** What `JSON.parse` makes of the decoded bytes, if that is an object; `undefined` if it refuses or finds something else. */
export function parsedObject(bytes: Uint8Array): Map<string, unknown> | undefined {
  try {
    return membersOf(JSON.parse(textOf(bytes)));
  } catch {
    return undefined;
  }
}

/** Few names, so that they repeat and that edits meet them. */
export const names: Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("model", "priority", "stream", "a", "", "__proto__", "größe", "\u{1f600}", 'q"\\'),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
);

const spaces = fc.oneof(fc.constant(""), fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 }));

const numbers = fc.oneof(
  fc.constantFrom("0", "-0", "1e400", "-1E+05", "12345678901234567890", "0.10", "1.5e-3"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

type Spelling = (character: string) => string;

const plainly: Spelling = (character) => JSON.stringify(character).slice(1, -1);
const escaped: Spelling = (character) => character.replaceAll(/./gs, (unit) => `\\u${hex(unit)}`);
const escapedInUpperCase: Spelling = (character) =>
  character.replaceAll(/./gs, (unit) => `\\u${hex(unit).toUpperCase()}`);
const needlessly: Spelling = (character) => (character === "/" ? "\\/" : plainly(character));

function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}

/** Every way to spell a string: plain, with \u escapes in both cases, with short escapes, also where none is needed. */
function spelled(text: string, choices: readonly Spelling[]): string {
  let index = 0;
  const spell = (character: string): string => (choices[index++] ?? plainly)(character);
  return `"${text.replaceAll(/./gsu, spell)}"`;
}

const choices = fc.array(fc.constantFrom(plainly, escaped, escapedInUpperCase, needlessly), { maxLength: 6 });

export function spellingsOf(text: Arbitrary<string>): Arbitrary<string> {
  return fc.tuple(text, choices).map(([plain, which]) => spelled(plain, which));
}

const strings = spellingsOf(fc.string({ unit: "binary", maxLength: 8 }));
const loneSurrogates = fc.constantFrom('"\\ud800"', '"\\udc00x"', '"a\\uD83D"');

function separated(open: string, close: string): (items: readonly (readonly string[])[]) => string {
  return (items) => `${open}${items.map((parts) => parts.join("")).join(",")}${close}`;
}

const { value: values } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.constantFrom("true", "false", "null"), numbers, strings, loneSurrogates),
    tie("list"),
    tie("object"),
  ),
  list: fc.oneof(
    fc.array(fc.tuple(spaces, tie("value"), spaces), { maxLength: 4 }).map(separated("[", "]")),
    spaces.map((space) => `[${space}]`),
  ),
  object: members(tie("value")),
}));

function members(value: Arbitrary<string>): Arbitrary<string> {
  const member = fc.tuple(spaces, spellingsOf(names), spaces, fc.constant(":"), spaces, value, spaces);
  return fc.oneof(
    { weight: 5, arbitrary: fc.array(member, { maxLength: 5 }).map(separated("{", "}")) },
    { weight: 1, arbitrary: spaces.map((space) => `{${space}}`) },
  );
}

/** JSON objects in UTF-8, some with a byte order mark. */
export const objectBodies: Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom("", "", "", "\u{feff}"), spaces, members(values), spaces)
  .map((parts) => bytesOf(parts.join("")));

/** Any JSON value, mostly no object. */
export const anyBodies: Arbitrary<Uint8Array> = fc
  .oneof(
    values,
    fc.tuple(spaces, values, spaces).map((parts) => parts.join("")),
  )
  .map(bytesOf);

/** Bytes that matter to a JSON parser, and some that only a decoder cares for. */
const damage = fc.constantFrom(
  ...bytesOf('{}[]":,\\/ \t\n0123456789+-.eEtrufalsn'),
  0x00,
  0x0b,
  0x1f,
  0x7f,
  0x80,
  0xbf,
  0xc3,
  0xe2,
  0xed,
  0xef,
  0xf0,
  0xff,
);

type Mutation = (bytes: readonly number[]) => number[];

const mutations: Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom("insert", "replace", "delete", "repeat", "cut"), fc.nat(), fc.nat(6), damage)
  .map(([kind, where, length, byte]) => (bytes) => {
    const at = where % (bytes.length + 1);
    const [before, after] = [bytes.slice(0, at), bytes.slice(at)];
    switch (kind) {
      case "insert":
        return [...before, byte, ...after];
      case "replace":
        return [...before, byte, ...after.slice(1)];
      case "delete":
        return [...before, ...after.slice(1 + length)];
      case "repeat":
        return [...before, ...after.slice(0, length), ...after];
      case "cut":
        return before;
    }
  });

/** A JSON object with one to three small wounds, which may still be a JSON object. */
export const damagedBodies: Arbitrary<Uint8Array> = fc
  .tuple(objectBodies, fc.array(mutations, { minLength: 1, maxLength: 3 }))
  .map(([body, wounds]) =>
    Uint8Array.from(wounds.reduce<readonly number[]>((bytes, wound) => wound(bytes), [...body])),
  );
