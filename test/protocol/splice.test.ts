import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { topLevelFields, type JsonFields } from "../../src/protocol/json-fields.ts";
import { splice, type Edit } from "../../src/protocol/splice.ts";
import { bytesOf, membersOf, names, objectBodies, parsedObject, textOf } from "./json-texts.ts";

function spliced(text: string, ...edits: Edit[]): string {
  return textOf(splice(bytesOf(text), edits));
}

type Members = Map<string, unknown>;

/** The same edits on parsed members, without any regard to bytes. */
function editedByModel(members: Members, [name, ...path]: readonly string[], edit: Edit): Members {
  if (name === undefined) throw new Error("a target without a name");
  const result = new Map(members);
  if (path.length === 0) {
    const list = result.get(name);
    if ("set" in edit) result.set(name, edit.value);
    else if ("append" in edit) result.set(name, [...(Array.isArray(list) ? (list as unknown[]) : []), edit.value]);
    else result.delete(name);
    return result;
  }
  const inner = membersOf(members.get(name));
  if ("remove" in edit && inner === undefined) return members;
  const changed = editedByModel(inner ?? new Map<string, unknown>(), path, edit);
  return result.set(name, Object.fromEntries(changed));
}

function targetOf(edit: Edit): readonly string[] {
  const target = "set" in edit ? edit.set : "append" in edit ? edit.append : edit.remove;
  return typeof target === "string" ? [target] : target;
}

const targets: Arbitrary<string | string[]> = fc.oneof(names, fc.array(names, { minLength: 1, maxLength: 3 }));
const edits: Arbitrary<Edit> = fc.oneof(
  fc.record({ set: targets, value: fc.jsonValue() }),
  fc.record({ append: targets, value: fc.jsonValue() }),
  fc.record({ remove: targets }),
);

/** Key, colon and value of every member that no edit concerns, as they stand in the body. */
function untouched(fields: JsonFields, concerned: ReadonlySet<string>): string[] {
  const indexes = Array.from({ length: fields.count }, (_, index) => index);
  const skipped = new Set([...concerned].flatMap((name) => fields.occurrences(name)));
  return indexes
    .filter((index) => !skipped.has(index))
    .map((index) =>
      Buffer.from(fields.body.subarray(fields.key(index).start, fields.value(index).end)).toString("latin1"),
    );
}

describe("splice", () => {
  it("gives what parsing, editing and comparing gives, and leaves the other members as they are, byte for byte", () => {
    const property = fc.property(objectBodies, fc.array(edits, { maxLength: 4 }), (body, list) => {
      const result = splice(body, list);
      const expected = list.reduce(
        (members, edit) => editedByModel(members, targetOf(edit), edit),
        parsedObject(body)!,
      );
      // Through JSON once more: the model holds -0 and the like, which have no JSON form.
      const comparable = [...expected].map(([name, value]) => [name, sameInJson(value)] as const);
      assert.deepEqual(new Map([...parsedObject(result)!].map(([n, v]) => [n, sameInJson(v)])), new Map(comparable));
      const concerned = new Set(list.map((edit) => targetOf(edit)[0] ?? ""));
      assert.deepEqual(untouched(topLevelFields(result), concerned), untouched(topLevelFields(body), concerned));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("changes nothing but the bytes of a value that it sets", () => {
    const property = fc.property(objectBodies, fc.nat(), fc.jsonValue(), (body, which, value) => {
      const fields = topLevelFields(body);
      fc.pre(fields.count > 0);
      const { start, end } = fields.key(which % fields.count);
      const name = JSON.parse(textOf(body.subarray(start, end))) as string;
      let expected = Buffer.from(body).toString("latin1");
      for (const index of fields.occurrences(name).toReversed()) {
        const span = fields.value(index);
        const spelled = Buffer.from(JSON.stringify(value)).toString("latin1");
        expected = expected.slice(0, span.start) + spelled + expected.slice(span.end);
      }
      const result = splice(body, [{ set: name, value }], fields);
      assert.equal(Buffer.from(result).toString("latin1"), expected);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("keeps the spelling of numbers and strings, the order and the white space", () => {
    const text = '{ "big" : 12345678901234567890,\n "huge":1e400, "s":"\\u00e4\\/", "stream" : false , "x":[ 1.0 ] }\n';
    assert.equal(spliced(text, { set: "stream", value: true }), text.replace("false", "true"));
  });

  it("removes a member with one comma, wherever it stands", () => {
    assert.equal(spliced('{ "a": 1, "b": 2, "c": 3 }', { remove: "a" }), '{ "b": 2, "c": 3 }');
    assert.equal(spliced('{ "a": 1, "b": 2, "c": 3 }', { remove: "b" }), '{ "a": 1, "c": 3 }');
    assert.equal(spliced('{ "a": 1, "b": 2, "c": 3 }', { remove: "c" }), '{ "a": 1, "b": 2 }');
    assert.equal(spliced('{ "a": 1, "b": 2, "c": 3 }', { remove: "a" }, { remove: "b" }), '{ "c": 3 }');
    assert.equal(spliced('{ "a": 1, "b": 2, "c": 3 }', { remove: "b" }, { remove: "c" }), '{ "a": 1 }');
    assert.equal(spliced('{"a":1,"b":2}', { remove: "a" }, { remove: "b" }), "{}");
  });

  it("adds a member at the end, and to an empty object without a comma", () => {
    assert.equal(spliced('{ "a": 1 }', { set: "b", value: [2] }), '{ "a": 1,"b":[2] }');
    assert.equal(spliced("{ }", { set: "a", value: 1 }, { set: "b", value: 2 }), '{"a":1,"b":2 }');
    assert.equal(spliced('{"a":1}', { remove: "a" }, { set: "b", value: 2 }), '{"b":2}');
    assert.equal(spliced('{"a":1,"b":2}', { remove: "b" }, { set: "c", value: 3 }), '{"a":1,"c":3}');
  });

  it("changes and removes every occurrence of a name", () => {
    const text = String.raw`{"a":1,"\u0061":2,"b":3,"a":4}`;
    assert.equal(spliced(text, { set: "a", value: 0 }), String.raw`{"a":0,"\u0061":0,"b":3,"a":0}`);
    assert.equal(spliced(text, { remove: "a" }), '{"b":3}');
  });

  it("applies edits one after another", () => {
    assert.equal(spliced('{"a":1}', { remove: "a" }, { set: "a", value: 2 }), '{"a":2}');
    assert.equal(spliced('{"a":1}', { set: "a", value: 2 }, { remove: "a" }), "{}");
    assert.equal(spliced("{}", { set: "a", value: 2 }, { remove: "a" }), "{}");
  });

  it("reaches into nested objects, and makes them where there is none", () => {
    const edit: Edit = { set: ["stream_options", "include_usage"], value: true };
    assert.equal(
      spliced('{"stream_options":{ "x":1.0 }}', edit),
      '{"stream_options":{ "x":1.0,"include_usage":true }}',
    );
    assert.equal(spliced('{"stream_options":null}', edit), '{"stream_options":{"include_usage":true}}');
    assert.equal(spliced("{}", edit), '{"stream_options":{"include_usage":true}}');
    assert.equal(spliced('{"o":{"a":1,"b":2}}', { remove: ["o", "a"] }), '{"o":{"b":2}}');
    assert.equal(spliced('{"o":"text"}', { remove: ["o", "a"] }), '{"o":"text"}');
  });

  it("returns the body itself when nothing changes", () => {
    const body = bytesOf('{"a":1}');
    assert.equal(splice(body, []), body);
    assert.equal(splice(body, [{ remove: "b" }, { remove: ["a", "b"] }]), body);
  });

  it("refuses a body that is no object, a target without a name and a value without a JSON form", () => {
    assert.throws(() => spliced("[]", { remove: "a" }), { code: "invalid_json" });
    assert.throws(() => spliced("{}", { remove: [] }), TypeError);
    assert.throws(() => spliced("{}", { set: "a", value: undefined }), TypeError);
  });
});

function sameInJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
