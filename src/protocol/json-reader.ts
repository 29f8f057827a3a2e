import { parseSpan, topLevelFields, type JsonFields, type Span } from "./json-fields.ts";
import { skipSpace, skipValue } from "./json-scan.ts";

const COMMA = 0x2c;
const CLOSE_ARRAY = 0x5d;

/** What kind of value begins with a byte. */
const KINDS: Readonly<Record<string, JsonKind>> = {
  '"': "string",
  "[": "list",
  "{": "object",
  t: "boolean",
  f: "boolean",
  n: "null",
};

export type JsonKind = "string" | "number" | "boolean" | "null" | "list" | "object";

export type JsonScalar = string | number | boolean;

/**
 * Reads the members of a JSON object by the type that they should have: a member of another type is as good as missing.
 * Lists and objects are looked into and never built, so that no body can make a large value out of a small question.
 */
export class JsonReader {
  readonly #fields: JsonFields;

  constructor(fields: JsonFields) {
    this.#fields = fields;
  }

  /** Of the last member with that name; `undefined` when there is none. */
  kind(name: string): JsonKind | undefined {
    const span = this.#fields.get(name);
    return span === undefined ? undefined : this.kindAt(span);
  }

  text(name: string): string | undefined {
    const value = this.scalar(name);
    return typeof value === "string" ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.scalar(name);
    return typeof value === "number" ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.scalar(name);
    return typeof value === "boolean" ? value : undefined;
  }

  /** The value of a member that is a string, a number or a boolean. */
  scalar(name: string): JsonScalar | undefined {
    const span = this.#fields.get(name);
    return span === undefined ? undefined : this.scalarAt(span);
  }

  object(name: string): JsonReader | undefined {
    const span = this.#fields.get(name);
    return span === undefined ? undefined : this.objectAt(span);
  }

  /** The object that stands there. */
  objectAt(span: Span): JsonReader | undefined {
    if (this.kindAt(span) !== "object") return undefined;
    return new JsonReader(topLevelFields(this.#fields.body.subarray(span.start, span.end)));
  }

  /** Where the items of a list stand. None when the member is no list. */
  *items(name: string): Generator<Span, void, undefined> {
    const list = this.#fields.get(name);
    if (list === undefined || this.kindAt(list) !== "list") return;
    const { body } = this.#fields;
    let start = skipSpace(body, list.start + 1);
    while (body[start] !== CLOSE_ARRAY) {
      const end = skipValue(body, start);
      yield { start, end };
      start = skipSpace(body, end);
      if (body[start] === COMMA) start = skipSpace(body, start + 1);
    }
  }

  /** Of the value that stands there. */
  kindAt({ start }: Span): JsonKind {
    return KINDS[String.fromCharCode(this.#fields.body[start]!)] ?? "number";
  }

  /** The value that stands there, if it is a string, a number or a boolean. */
  scalarAt(span: Span): JsonScalar | undefined {
    const kind = this.kindAt(span);
    if (kind === "null" || kind === "list" || kind === "object") return undefined;
    return parseSpan(this.#fields.body, span) as JsonScalar;
  }
}
