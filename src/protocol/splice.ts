import { skipSpace } from "./json-scan.ts";
import { topLevelFields, type JsonFields, type Span } from "./json-fields.ts";

/** A member's name, or the names that lead to it: `["stream_options", "include_usage"]`. */
export type EditTarget = string | readonly string[];

/**
 * One change of a JSON object. `set` adds the member if it is missing; `append` puts the value at the end of a list, and makes a
 * list of what is missing or none; `remove` of a missing member changes nothing.
 */
export type Edit =
  | { readonly set: EditTarget; readonly value: unknown }
  | { readonly append: EditTarget; readonly value: unknown }
  | { readonly remove: EditTarget };

/** A member's value as bytes; `undefined` when there is no such member. */
type Value = Uint8Array | undefined;

/**
 * Applies `edits` to the JSON object `body`, one after another, and leaves every other byte as it is: unknown members, their
 * order, the spelling of numbers and strings, white space.
 *
 * A name that occurs more than once is changed wherever it stands, so that no reader can find the old value. On the way to a
 * nested target, what is missing or no object becomes an object. A removed member takes one comma and the space beside it along;
 * new members come last.
 *
 * `body` is not written to, and is itself the result when nothing changes. `fields` saves a second scan, if it is at hand.
 *
 * @throws {JsonSyntaxError} when the body is no JSON object.
 * @throws {TypeError} when a target names nothing, or a value has no JSON form.
 */
export function splice(body: Uint8Array, edits: readonly Edit[], fields?: JsonFields): Uint8Array {
  if (edits.length === 0) return body;
  const members = fields ?? topLevelFields(body);
  const values = new Map<number, Value>();
  const additions: [name: string, value: Uint8Array][] = [];
  for (const [name, own] of byName(edits)) {
    const occurrences = members.occurrences(name);
    for (const index of occurrences) {
      const value = sliceOf(body, members.value(index));
      const next = edited(value, own);
      if (next !== value) values.set(index, next);
    }
    const added = occurrences.length === 0 ? edited(undefined, own) : undefined;
    if (added !== undefined) additions.push([name, added]);
  }
  return patched(body, patchesFor(members, values, additions));
}

/** An edit seen from the member it concerns: `path` leads on from there. */
interface Step {
  readonly path: readonly string[];
  readonly edit: Edit;
}

function byName(edits: readonly Edit[]): Map<string, Step[]> {
  const steps = new Map<string, Step[]>();
  for (const edit of edits) {
    const target = targetOf(edit);
    const [name, ...path] = typeof target === "string" ? [target] : target;
    if (name === undefined) throw new TypeError("an edit must name a member; got an empty target");
    const own = steps.get(name);
    if (own === undefined) steps.set(name, [{ path, edit }]);
    else own.push({ path, edit });
  }
  return steps;
}

function edited(value: Value, steps: readonly Step[]): Value {
  return steps.reduce(applied, value);
}

function applied(value: Value, { path, edit }: Step): Value {
  if (path.length === 0) {
    if ("remove" in edit) return undefined;
    return "set" in edit ? encoded(edit.value) : appended(value, encoded(edit.value));
  }
  const object = value?.[0] === OPEN_OBJECT ? value : undefined;
  if ("remove" in edit) return object === undefined ? value : splice(object, [{ remove: path }]);
  const inner = "set" in edit ? { set: path, value: edit.value } : { append: path, value: edit.value };
  return splice(object ?? EMPTY_OBJECT, [inner]);
}

function targetOf(edit: Edit): EditTarget {
  if ("set" in edit) return edit.set;
  return "append" in edit ? edit.append : edit.remove;
}

function appended(list: Value, item: Uint8Array): Uint8Array {
  if (list?.[0] !== OPEN_ARRAY) return joined([OPEN, item, CLOSE]);
  const end = list.length - 1;
  const isEmpty = skipSpace(list, 1) === end;
  return joined([list.subarray(0, end), ...(isEmpty ? [] : [COMMA]), item, CLOSE]);
}

/** Puts `inserted` in the place of the bytes from `start` to `end`. */
interface Patch extends Span {
  readonly inserted: readonly Uint8Array[];
}

/** The patches in the order of the body, none overlapping. */
function patchesFor(
  members: JsonFields,
  values: ReadonlyMap<number, Value>,
  additions: readonly (readonly [name: string, value: Uint8Array])[],
): Patch[] {
  const patches: Patch[] = [];
  let lastKept = -1;
  for (let index = 0; index < members.count; index += 1) {
    const value = values.get(index);
    if (value === undefined && values.has(index)) patches.push(removal(members, index, lastKept >= 0));
    else {
      if (value !== undefined) patches.push({ ...members.value(index), inserted: [value] });
      lastKept = index;
    }
  }
  if (additions.length > 0) {
    const at = lastKept < 0 ? members.start : members.value(lastKept).end;
    const inserted = additions.flatMap(([name, value]) => [COMMA, encoded(name), COLON, value]);
    const addition = { start: at, end: at, inserted: lastKept < 0 ? inserted.slice(1) : inserted };
    // Before the removals that begin at the same place.
    const index = patches.findIndex(({ start }) => start >= at);
    patches.splice(index < 0 ? patches.length : index, 0, addition);
  }
  return patches;
}

/** Takes the comma before the member along; where nothing before it is kept, the comma after it. */
function removal(members: JsonFields, index: number, keptBefore: boolean): Patch {
  const { end } = members.value(index);
  if (keptBefore) return { start: members.value(index - 1).end, end, inserted: [] };
  const isLast = index + 1 === members.count;
  return { start: members.key(index).start, end: isLast ? end : members.key(index + 1).start, inserted: [] };
}

function patched(body: Uint8Array, patches: readonly Patch[]): Uint8Array {
  if (patches.length === 0) return body;
  const pieces: Uint8Array[] = [];
  let copied = 0;
  for (const { start, end, inserted } of patches) {
    pieces.push(body.subarray(copied, start), ...inserted);
    copied = end;
  }
  pieces.push(body.subarray(copied));
  return joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function sliceOf(body: Uint8Array, { start, end }: Span): Uint8Array {
  return body.subarray(start, end);
}

function encoded(value: unknown): Uint8Array {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`an edit's value must have a JSON form; got ${typeof value}, use remove`);
  return utf8.encode(text);
}

const utf8 = new TextEncoder();
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const OPEN = utf8.encode("[");
const CLOSE = utf8.encode("]");
const EMPTY_OBJECT = utf8.encode("{}");
const COMMA = utf8.encode(",");
const COLON = utf8.encode(":");
