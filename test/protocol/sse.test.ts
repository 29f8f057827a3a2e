import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Frame } from "../../src/protocol/frame.ts";
import { SseDecoder } from "../../src/protocol/sse.ts";
import { bytesOf, chunksOf, cutAt, joined, textOf } from "./chunks.ts";

interface Told {
  readonly raw: string | undefined;
  readonly data: string | undefined;
  readonly event: string | undefined;
}

function tell({ raw, data, event }: Frame): Told {
  return { raw: textOf(raw), data: textOf(data), event };
}

function decode(chunks: readonly Uint8Array[], maxFrameBytes?: number): Frame[] {
  const decoder = new SseDecoder(maxFrameBytes);
  const frames = chunks.flatMap((chunk) => decoder.push(chunk));
  const last = decoder.end();
  return last === undefined ? frames : [...frames, last];
}

function payloads(stream: string): (string | undefined)[] {
  return decode([bytesOf(stream)]).map(({ data }) => textOf(data));
}

const line = fc.oneof(
  fc.constantFrom(
    "data: {}",
    "data:",
    "data",
    "data:  x",
    "event: ping",
    ": comment",
    ":",
    "id: 7",
    "datum: no",
    "\uFEFFdata: y",
  ),
  fc.string({ unit: "binary" }).map((value) => `data: ${value}`),
  fc.string({ unit: fc.constantFrom("data", "event", ":", " ", "é", "😀", "\r", "\n", "\uFEFF") }),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r")))
  .map((lines) => bytesOf(lines.map((parts) => parts.join("")).join("")));

describe("an event stream", () => {
  it("is read alike with each of the three line ends", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const frames = decode([bytesOf(["event: a", "data: 1", "", "data: 2", "", ""].join(end))]);
      assert.deepEqual(frames.map(tell), [
        { raw: `event: a${end}data: 1${end}${end}`, data: "1", event: "a" },
        { raw: `data: 2${end}${end}`, data: "2", event: undefined },
      ]);
    }
  });

  it("joins the lines of one event's data, and takes one space behind the colon away, not two", () => {
    assert.deepEqual(payloads("data: a\ndata:b\ndata\ndata:  c\n\n"), ["a\nb\n\n c"]);
  });

  it("begins behind a byte order mark, and only at the very beginning", () => {
    assert.deepEqual(payloads("\uFEFFdata: a\n\n\uFEFFdata: b\n\n"), ["a", undefined]);
    assert.deepEqual(payloads("\uFEFF\ndata: a\n\n"), [undefined, "a"]);
  });

  it("has frames without data for comments, blank lines and fields of no interest", () => {
    assert.deepEqual(payloads(": waiting\n\n\nid: 3\nretry: 5\n\n"), [undefined, undefined, undefined]);
  });

  it("gives an event out with the chunk that ends it, not with the next one", () => {
    for (const end of ["\n", "\r\n"]) {
      const decoder = new SseDecoder();
      assert.equal(decoder.push(bytesOf(`data: a${end}`)).length, 0);
      assert.equal(decoder.push(bytesOf(end)).length, 1);
      assert.equal(decoder.push(bytesOf(`data: b${end}${end}`)).length, 1);
    }
  });

  it("gives its last event out even if the blank line is missing", () => {
    assert.deepEqual(payloads("data: a\n\ndata: [DONE]"), ["a", "[DONE]"]);
    assert.deepEqual(payloads("data: a\n\ndata: [DONE]\r"), ["a", "[DONE]"]);
  });

  it("has the same frames in whatever chunks it comes, and loses and changes no byte", () => {
    fc.assert(
      fc.property(
        stream.chain((bytes) => fc.tuple(fc.constant(bytes), chunksOf(bytes))),
        ([bytes, chunks]) => {
          const frames = decode(chunks);
          assert.deepEqual(frames.map(tell), decode([bytes]).map(tell));
          assert.deepEqual(joined(frames.map(({ raw }) => raw)), bytes);
        },
      ),
    );
  });

  it("has the same frames byte by byte, and frames given out stay as they are", () => {
    const bytes = bytesOf("event: é\r\ndata: 😀\r\ndata: ü\r\n\r\n: c\n\ndata: end\n\n");
    const everywhere = cutAt(bytes, [...bytes.keys()]);
    assert.deepEqual(decode(everywhere).map(tell), decode([bytes]).map(tell));
  });

  it("lets an event beyond the limit through unread, in pieces, and reads on behind it", () => {
    const chunks = ["data: a\n\ndata: ", "x".repeat(40), "y".repeat(40), "\n", "\r", "\ndata: b\r\n\r\n"].map(bytesOf);
    const frames = decode(chunks, 32);
    assert.deepEqual(
      frames.filter(({ oversized }) => !oversized).map(({ data }) => textOf(data)),
      ["a", "b"],
    );
    assert.ok(frames.every(({ oversized, data, event }) => !oversized || (data === undefined && event === undefined)));
    assert.deepEqual(joined(frames.map(({ raw }) => raw)), joined(chunks));
  });

  it("loses no byte whatever the limit", () => {
    fc.assert(
      fc.property(
        stream.chain((bytes) => fc.tuple(fc.constant(bytes), chunksOf(bytes))),
        fc.nat(40),
        ([bytes, chunks], limit) => {
          assert.deepEqual(joined(decode(chunks, limit).map(({ raw }) => raw)), bytes);
        },
      ),
    );
  });
});

describe("a frame with other data", () => {
  function replaced(frame: string, data: string): string | undefined {
    const [only] = decode([bytesOf(frame)]);
    return textOf(only?.withData(bytesOf(data)));
  }

  it("keeps every other byte", () => {
    assert.equal(
      replaced("event: a\r\ndata:{}\r\nid: 7\r\n: c\r\n\r\n", "[]"),
      "event: a\r\ndata:[]\r\nid: 7\r\n: c\r\n\r\n",
    );
  });

  it("has as many lines of data as the new data, and loses nothing that stood between the old ones", () => {
    assert.equal(
      replaced("data: {\nevent: a\ndata: }\nid: 7\n\n", '{\n"a":1\n}'),
      'event: a\ndata: {\ndata: "a":1\ndata: }\nid: 7\n\n',
    );
  });
});
