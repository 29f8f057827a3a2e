import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { marks, skim } from "../../src/protocol/skim.ts";
import { isFilled } from "../../src/protocol/untrusted-json.ts";
import { bytesOf } from "./chunks.ts";

const NAMES = { a: 1, error: 2, finish_reason: 4 };
const table = marks(NAMES);

function found(text: string): number {
  return skim(bytesOf(text), table);
}

describe("skimming JSON for members", () => {
  it("finds a member at any depth, however it is spaced, when it holds something", () => {
    assert.equal(found('{"x":[{"finish_reason" : "stop"}],"error":\n{ "m":1}}'), 6);
    assert.equal(found('{"a":0}'), 1);
    assert.equal(found('{"a":true}'), 1);
  });

  it("passes over members that hold nothing", () => {
    for (const nothing of ["null", "false", '""', "[ ]", "{\n}"])
      assert.equal(found(`{"error": ${nothing}}`), 0, nothing);
  });

  it("never takes what stands inside a string for a member, nor a value for a name", () => {
    assert.equal(found(JSON.stringify({ text: '{"error":{"a":1}}', b: '\\"error":1', c: "error" })), 0);
    assert.equal(found('["error", "a", {"b":"finish_reason"}]'), 0);
  });

  it("says what a parser would say of every JSON text", () => {
    const name = fc.constantFrom(...Object.keys(NAMES), "b", '"', "\\", 'error"', "é");
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, true, false, 0, -1.5, "", "a", "error", '"error":1', "\\", "é"),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(name, tie("any"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, "\t"), (json, space) => {
        assert.equal(found(JSON.stringify(json, undefined, space)), expected(json));
      }),
    );
  });

  it("takes any bytes and comes to an end", () => {
    const shard = fc.constantFrom('"', "\\", ":", "{", "}", "[", "error", " ", "\u0000", '"error":', '"error":"');
    fc.assert(fc.property(fc.string({ unit: shard }), (text) => assert.ok(found(text) >= 0)));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.ok(skim(bytes, table) >= 0)));
  });
});

function expected(json: unknown): number {
  if (Array.isArray(json)) return json.reduce<number>((bits, item) => bits | expected(item), 0);
  if (typeof json !== "object" || json === null) return 0;
  return Object.entries(json).reduce((bits, [name, value]) => {
    const own = Object.hasOwn(NAMES, name) && isFilled(value) ? NAMES[name as keyof typeof NAMES] : 0;
    return bits | own | expected(value);
  }, 0);
}
