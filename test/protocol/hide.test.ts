import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { concatenate } from "../../src/protocol/frame.ts";
import { type Hidden, hider } from "../../src/protocol/hide.ts";
import type { DialectName } from "../../src/protocol/route.ts";
import { bytesOf, chunksOf, joined, textOf } from "./chunks.ts";
import { chatChunk, events, type Json, PROGRESS, ROLE, TIMINGS, typedEvents, USAGE, USAGE_CHUNK } from "./streams.ts";

const ALL: readonly Hidden[] = ["usage", "progress", "timings"];
type Asked = ReadonlySet<Hidden>;

/** What llama-server streams, with what was asked of it beside the text. After its to_json_oaicompat_chat. */
function chatStream(texts: readonly string[], asked: Asked): Uint8Array {
  const parts = [bytesOf(": ping\n\n")];
  if (asked.has("progress")) parts.push(events(progressing(ROLE), progressing(ROLE)));
  parts.push(events(ROLE));
  for (const content of texts) parts.push(events(timed(chatChunk({ content }), asked)));
  const last = chatChunk({}, "stop");
  parts.push(
    asked.has("usage") ? events(last, { ...USAGE_CHUNK, timings: TIMINGS }) : events({ ...last, timings: TIMINGS }),
  );
  parts.push(events("[DONE]"));
  return concatenate(parts);
}

function nativeStream(texts: readonly string[], asked: Asked): Uint8Array {
  const part = (content: string): Json => ({ index: 0, content, tokens: [1], stop: false, tokens_predicted: 1 });
  const parts = asked.has("progress") ? [events(progressing(part("")), progressing(part("")))] : [];
  for (const content of texts) parts.push(events(timed(part(content), asked)));
  parts.push(events({ ...part(""), stop: true, timings: TIMINGS }));
  return concatenate(parts);
}

function responsesStream(texts: readonly string[], asked: Asked): Uint8Array {
  const state = (type: string): Json => ({ type, response: { id: "r", status: "in_progress" } });
  const underWay = state("response.in_progress");
  const delta = (text: string): Json => ({ type: "response.output_text.delta", delta: text });
  const parts = [typedEvents(state("response.created"))];
  if (asked.has("progress"))
    parts.push(typedEvents(progressing(underWay), progressing(underWay), progressing(underWay)));
  else parts.push(typedEvents(underWay));
  for (const text of texts) parts.push(typedEvents(timed(delta(text), asked)));
  parts.push(typedEvents({ type: "response.completed", response: { status: "completed" }, timings: TIMINGS }));
  return concatenate(parts);
}

function progressing(value: Json): Json {
  return { ...value, prompt_progress: PROGRESS };
}

function timed(value: Json, asked: Asked): Json {
  return asked.has("timings") ? { ...value, timings: { ...TIMINGS, predicted_n: 1 } } : value;
}

const STREAMS = [
  ["openai-chat", chatStream],
  ["llama-completion", nativeStream],
  ["openai-responses", responsesStream],
] as const;

function hide(dialect: DialectName, hidden: readonly Hidden[], chunks: readonly Uint8Array[]): Uint8Array {
  const filter = hider(dialect, hidden);
  assert.ok(filter !== undefined);
  return joined([...chunks.flatMap((chunk) => filter.push(chunk)), ...filter.end()]);
}

function shown(hidden: readonly Hidden[], ...values: readonly Json[]): string | undefined {
  return textOf(hide("openai-chat", hidden, [events(...values)]));
}

describe("what Headgate asked for itself", () => {
  const texts = fc.array(fc.constantFrom("a", "é😀", '"usage":{', '\n\ndata: {"timings":1}'), {
    minLength: 1,
    maxLength: 4,
  });
  const asked = fc.subarray([...ALL], { minLength: 1 });

  for (const [dialect, stream] of STREAMS) {
    it(`is hidden so that the client gets, to the byte, the stream without it (${dialect})`, () => {
      const arrival = fc.tuple(texts, asked).chain(([some, hidden]) => {
        const bytes = stream(some, new Set(hidden));
        return fc.tuple(fc.constant(some), fc.constant(hidden), chunksOf(bytes));
      });
      fc.assert(
        fc.property(arrival, ([some, hidden, chunks]) => {
          assert.equal(textOf(hide(dialect, hidden, chunks)), textOf(stream(some, new Set())));
        }),
      );
    });

    it(`leaves what the client asked for itself (${dialect})`, () => {
      for (const own of ALL) {
        const hidden = ALL.filter((name) => name !== own);
        assert.equal(
          textOf(hide(dialect, hidden, [stream(["a", "b"], new Set(ALL))])),
          textOf(stream(["a", "b"], new Set([own]))),
          own,
        );
      }
    });
  }

  it("is not looked for where there is nothing to hide", () => {
    assert.equal(hider("openai-chat", []), undefined);
    assert.equal(hider("anthropic-messages", ALL), undefined);
    assert.equal(hider("ollama-chat", ALL), undefined);
  });
});

describe("hidden usage", () => {
  const text = chatChunk({ content: "a" });

  it("goes from every chunk that has it, empty or null as it may be", () => {
    const chunks = [null, {}, { prompt_tokens: 0 }].map((usage) => ({ usage, ...text }));
    assert.equal(shown(["usage"], ...chunks), textOf(events(text, text, text)));
  });

  it("is no reason to drop a chunk without choices that tells something else", () => {
    const filters = { choices: [], prompt_filter_results: [{ prompt_index: 0 }] };
    assert.equal(shown(["usage"], { ...filters, usage: null }), textOf(events(filters)));
  });

  it("of each of several choices goes, and each choice gets its own timings back", () => {
    const first = chatChunk({}, "stop", 1);
    const second = chatChunk({}, "length", 0);
    const usage = { ...USAGE_CHUNK, usage: USAGE };
    assert.equal(
      shown(["usage"], first, { ...usage, timings: { n: 1 } }, text, second, { ...usage, timings: { n: 2 } }),
      textOf(events({ ...first, timings: { n: 1 } }, text, { ...second, timings: { n: 2 } })),
    );
  });

  it("gives timings back only to an end that has none", () => {
    const last = { ...chatChunk({}, "stop"), timings: { n: 1 } };
    assert.equal(shown(["usage"], last, { ...USAGE_CHUNK, timings: { n: 2 } }), textOf(events(last)));
  });

  it("leaves numbers as they were spelt", () => {
    const last = '{"choices":[{"finish_reason":"stop"}],"x":1e400';
    const stream = events(`${last}}`, '{"choices":[],"usage":{"a":1},"timings":{"ms":1.50}}');
    assert.deepEqual(hide("openai-chat", ["usage"], [stream]), events(`${last},"timings":{"ms":1.50}}`));
  });

  it("goes out of an event whose data has several lines, and the other fields stay", () => {
    const stream = 'id: 1\r\ndata: {"choices":[{"text":"a"}],\r\ndata: "usage":null,\r\ndata: "b":1}\r\n\r\n';
    const filtered = textOf(hide("openai-completions", ["usage"], [bytesOf(stream)])) ?? "";
    assert.match(filtered, /^id: 1\r\n/);
    assert.match(filtered, /\r\n\r\n$/);
    const data = [...filtered.matchAll(/^data: (.*)$/gm)].map(([, line]) => line).join("\n");
    assert.deepEqual(JSON.parse(data), { choices: [{ text: "a" }], b: 1 });
  });
});

describe("hidden progress", () => {
  it("never takes content or an end along that came in the same chunk", () => {
    for (const chunk of [chatChunk({ content: "a" }), chatChunk({}, "stop")]) {
      assert.equal(shown(["progress"], progressing(chunk)), textOf(events(chunk)));
    }
  });
});

describe("a stream from which things are hidden", () => {
  it("goes on at once, in one piece, where there is nothing to hide", () => {
    const filter = hider("openai-chat", ALL);
    const chunk = events(chatChunk({ content: "a" }), chatChunk({ content: "b" }));
    assert.deepEqual(filter?.push(chunk), [chunk]);
  });

  it("holds only the end of a choice, and only until the next frame or the end", () => {
    const filter = hider("openai-chat", ["usage"]);
    assert.equal(filter?.push(events(chatChunk({ content: "a" }))).length, 1);
    const last = events(chatChunk({}, "stop"));
    assert.deepEqual(filter?.push(last), []);
    assert.deepEqual(filter?.end(), [last]);
  });

  it("is not held where usage is not hidden", () => {
    const last = events(chatChunk({}, "stop"));
    assert.deepEqual(hider("openai-chat", ["timings", "progress"])?.push(last), [last]);
  });

  it("keeps every byte of what it does not understand, and never throws", () => {
    const dialect = fc.constantFrom<DialectName>("openai-chat", "openai-responses", "llama-completion");
    const shard = fc.constantFrom(
      "data: ",
      '{"usage":',
      "{",
      "}",
      "\n\n",
      "\r",
      '"timings":1',
      "[",
      ",",
      "é",
      "\uFEFF",
    );
    const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: shard }).map(bytesOf));
    fc.assert(
      fc.property(
        dialect,
        bytes.chain((all) => fc.tuple(fc.constant(all), chunksOf(all))),
        (name, [all, chunks]) => {
          const shownBytes = hide(name, ALL, chunks);
          assert.deepEqual(shownBytes, hide(name, ALL, [all]));
          if (!/usage|timings/.test(textOf(all) ?? "")) assert.deepEqual(shownBytes, all);
        },
      ),
      { numRuns: 300 },
    );
  });
});
