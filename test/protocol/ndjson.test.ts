import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Frame } from "../../src/protocol/frame.ts";
import { NdjsonDecoder } from "../../src/protocol/ndjson.ts";
import { bytesOf, chunksOf, joined, textOf } from "./chunks.ts";

function decode(chunks: readonly Uint8Array[], maxFrameBytes?: number): Frame[] {
  const decoder = new NdjsonDecoder(maxFrameBytes);
  const frames = chunks.flatMap((chunk) => decoder.push(chunk));
  const last = decoder.end();
  return last === undefined ? frames : [...frames, last];
}

function tell({ raw, data }: Frame): (string | undefined)[] {
  return [textOf(raw), textOf(data)];
}

const stream = fc
  .array(fc.tuple(fc.constantFrom("{}", "", '{"a":"é😀"}', "\r", "x"), fc.constantFrom("\n", "\r\n", "\n\n")))
  .map((lines) => bytesOf(lines.map((parts) => parts.join("")).join("")));
const arrivals = stream.chain((bytes) => fc.tuple(fc.constant(bytes), chunksOf(bytes)));

describe("newline-delimited JSON", () => {
  it("is a frame a line, with LF or CRLF, and the last line needs neither", () => {
    assert.deepEqual(decode([bytesOf('{"a":1}\n{"a":2}\r\n\n{"a":3}')]).map(tell), [
      ['{"a":1}\n', '{"a":1}'],
      ['{"a":2}\r\n', '{"a":2}'],
      ["\n", undefined],
      ['{"a":3}', '{"a":3}'],
    ]);
  });

  it("has the same frames in whatever chunks it comes, and loses and changes no byte", () => {
    fc.assert(
      fc.property(arrivals, ([bytes, chunks]) => {
        const frames = decode(chunks);
        assert.deepEqual(frames.map(tell), decode([bytes]).map(tell));
        assert.deepEqual(joined(frames.map(({ raw }) => raw)), bytes);
      }),
    );
  });

  it("lets a line beyond the limit through unread, in pieces, and reads on behind it", () => {
    const chunks = ["a\n", "x".repeat(40), "y", "z\nb\n"].map(bytesOf);
    const frames = decode(chunks, 32);
    assert.deepEqual(
      frames.map(({ data }) => textOf(data)),
      ["a", undefined, undefined, undefined, "b"],
    );
    assert.deepEqual(joined(frames.map(({ raw }) => raw)), joined(chunks));
  });

  it("gives a line another text and keeps its line end", () => {
    const [line] = decode([bytesOf('{"a":1}\r\n')]);
    assert.equal(textOf(line?.withData(bytesOf("{}"))), "{}\r\n");
  });
});
