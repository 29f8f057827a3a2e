import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { JsonSyntaxError, readField, topLevelFields } from "../../src/protocol/json-fields.ts";
import { anyBodies, bytesOf, damagedBodies, names, objectBodies, parsedObject, textOf } from "./json-texts.ts";

function read(text: string, name: string): unknown {
  const body = bytesOf(text);
  return readField(body, topLevelFields(body), name);
}

/** The scanner and `JSON.parse` agree on whether it is an object, and on every value in it. */
function agrees(body: Uint8Array): void {
  const expected = parsedObject(body);
  if (expected === undefined) {
    assert.throws(() => topLevelFields(body), JsonSyntaxError, textOf(body));
    return;
  }
  const fields = topLevelFields(body);
  for (const [name, value] of expected) assert.deepEqual(readField(body, fields, name), value, name);
  assert.equal(readField(body, fields, "no such name"), undefined);
  const named = [...expected.keys()].reduce((count, name) => count + fields.occurrences(name).length, 0);
  assert.equal(named, fields.count);
}

describe("topLevelFields", () => {
  it("accepts every JSON object and finds the values that JSON.parse finds", () => {
    fc.assert(fc.property(objectBodies, agrees), { numRuns: 500 });
  });

  it("accepts of nearly-JSON exactly what JSON.parse accepts as an object", () => {
    fc.assert(fc.property(damagedBodies, agrees), { numRuns: 3000 });
  });

  it("refuses JSON that is no object", () => {
    fc.assert(fc.property(anyBodies, agrees), { numRuns: 500 });
  });

  it("refuses or accepts any bytes as JSON.parse does", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agrees), { numRuns: 1000 });
  });

  it("knows a name by what it means, however it is spelled", () => {
    assert.equal(read(String.raw`{"\u0070riority": 5}`, "priority"), 5);
    assert.equal(read(String.raw`{"a\/b": 5}`, "a/b"), 5);
    assert.equal(read('{"größe": 5}', "größe"), 5);
    assert.equal(read(String.raw`{"a\\b": 5}`, String.raw`a\b`), 5);
    assert.equal(read(String.raw`{"a\\b": 5}`, String.raw`a\\b`), undefined);
    assert.equal(read('{"model": 1}', "mode"), undefined);
    assert.equal(read('{"mode": 1}', "model"), undefined);
  });

  it("takes the last of several values, and knows all", () => {
    const body = bytesOf(String.raw`{"a": 1, "b": 2, "\u0061": 3}`);
    const fields = topLevelFields(body);
    assert.equal(readField(body, fields, "a"), 3);
    assert.deepEqual(fields.occurrences("a"), [0, 2]);
  });

  it("accepts a byte order mark at the beginning and nowhere else", () => {
    assert.equal(read('\u{feff}{"a": 1}', "a"), 1);
    for (const text of ['\u{feff}\u{feff}{"a": 1}', '{\u{feff}"a": 1}', '{"a": 1}\u{feff}']) {
      assert.throws(() => topLevelFields(bytesOf(text)), { code: "invalid_json" });
    }
  });

  it("reads a number beyond all numbers and a lone surrogate as JSON.parse does", () => {
    assert.equal(read('{"n": 1e400}', "n"), Infinity);
    assert.equal(read(String.raw`{"s": "\ud800"}`, "s"), "\ud800");
    assert.equal(read(String.raw`{"\ud800": 1}`, "\ud800"), 1);
  });

  it("says where and what is wrong", () => {
    const wrong: Record<string, [offset: number, found: RegExp]> = {
      "": [0, /expected a JSON object, "\{" at byte 0, found the end/],
      "[1]": [0, /expected a JSON object, "\{" at byte 0, found "\["/],
      '{"a" 1}': [5, /expected ":" at byte 5, found "1"/],
      '{"a":1,}': [7, /expected a string at byte 7, found "\}"/],
      '{"a":01}': [6, /expected "," or "\}" at byte 6, found "1"/],
      '{"a":[1}': [7, /expected "," or "\]" at byte 7, found "\}"/],
      '{"a":"\n"}': [6, /expected a character of the string, or its end at byte 6, found byte 0x0a/],
      '{"a":"\\x"}': [7, /expected an escape at byte 7/],
      '{"a":"x': [7, /expected the end of the string at byte 7, found the end/],
      '{"a":nul}': [5, /expected a value at byte 5, found "n"/],
      '{"a":1} {': [8, /expected nothing more at byte 8/],
    };
    for (const [text, [offset, message]] of Object.entries(wrong)) {
      assert.throws(() => topLevelFields(bytesOf(text)), { code: "invalid_json", offset, message }, text);
    }
  });

  it("overflows no stack at any depth, sound or broken", () => {
    const depth = 100_000;
    const lists = "[".repeat(depth) + "]".repeat(depth);
    const objects = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
    assert.equal(topLevelFields(bytesOf(`{"a":${lists},"b":${objects}}`)).count, 2);
    assert.throws(() => topLevelFields(bytesOf(`{"a":${"[".repeat(depth)}`)), JsonSyntaxError);
    assert.throws(() => topLevelFields(bytesOf('{"a":'.repeat(depth))), JsonSyntaxError);
  });

  it("finds any name in any body, or says that it is not there", () => {
    const property = fc.property(objectBodies, names, (body, name) => {
      const fields = topLevelFields(body);
      assert.deepEqual(readField(body, fields, name), parsedObject(body)?.get(name));
    });
    fc.assert(property, { numRuns: 500 });
  });
});
