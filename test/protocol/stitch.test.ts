import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Contradiction } from "../../src/protocol/repetition.ts";
import { Stitcher } from "../../src/protocol/stitch.ts";

interface Chunk {
  readonly role?: string;
  readonly content?: string;
  readonly reasoning_content?: string;
}

function frame(id: string, delta: Chunk, finish: string | null = null): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ id, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
}

/** A stream of which a thought and the beginning of the answer were passed on. */
function begun(): Stitcher {
  const stitcher = new Stitcher("openai-chat");
  for (const delta of [{ role: "assistant" }, { reasoning_content: "Hmm." }, { content: "It " }]) {
    stitcher.push(frame("a", delta));
  }
  return stitcher;
}

/** What goes on to the client, by deltas. */
function pass(stitcher: Stitcher, ...frames: readonly Buffer[]): unknown[] {
  const text = Buffer.concat(frames.flatMap((each) => stitcher.push(each))).toString();
  const payloads = text.split("\n\n").filter((each) => each !== "");
  return payloads.map((each) => {
    const { id, choices } = JSON.parse(each.slice("data: ".length)) as { id: string; choices: { delta: Chunk }[] };
    return { id, ...choices[0]!.delta };
  });
}

describe("a run that goes on behind another", () => {
  it("has the other's id, and neither a second role nor a frame that says nothing", () => {
    const stitcher = begun();
    stitcher.begin("behind");
    const passed = pass(stitcher, frame("b", { role: "assistant" }), frame("b", { content: "is." }));
    assert.deepEqual(passed, [{ id: "a", content: "is." }]);
    assert.deepEqual([stitcher.said.reasoning, stitcher.said.content], ["Hmm.", "It is."]);
  });

  it("drops what was cut inside a frame, and begins its own on a clean line", () => {
    const stitcher = begun();
    assert.deepEqual(pass(stitcher, frame("a", { content: "lost" }).subarray(0, 40)), []);
    stitcher.begin("behind");
    assert.deepEqual(pass(stitcher, frame("b", { content: "is." })), [{ id: "a", content: "is." }]);
  });
});

describe("a run that may say a little again", () => {
  const echo = "It ";

  it("loses an echo of what was said, which comes in one piece", () => {
    const stitcher = begun();
    stitcher.begin("behind", { echo });
    assert.deepEqual(pass(stitcher, frame("b", { content: "It " }), frame("b", { content: "is." })), [
      { id: "a", content: "is." },
    ]);
    assert.equal(stitcher.said.content, "It is.");
  });

  it("keeps what only looks like one later on", () => {
    const stitcher = begun();
    stitcher.begin("behind", { echo });
    assert.deepEqual(pass(stitcher, frame("b", { content: "is. " }), frame("b", { content: "It " })), [
      { id: "a", content: "is. " },
      { id: "a", content: "It " },
    ]);
  });

  it("loses the end of what was said, which it did not get", () => {
    const stitcher = begun();
    stitcher.begin("behind", { echo: "It", again: " " });
    assert.deepEqual(pass(stitcher, frame("b", { content: "It" }), frame("b", { content: " is." })), [
      { id: "a", content: "is." },
    ]);
    assert.equal(stitcher.said.content, "It is.");
  });

  it("is no answer when it does not say that end", () => {
    const stitcher = begun();
    stitcher.begin("behind", { again: " " });
    assert.throws(() => pass(stitcher, frame("b", { content: "self" })), Contradiction);
    assert.equal(stitcher.said.content, "It ");
  });
});

describe("a run that says everything again", () => {
  it("passes on what is new, though it comes in other pieces", () => {
    const stitcher = begun();
    stitcher.begin("repeating");
    const passed = pass(
      stitcher,
      frame("b", { reasoning_content: "Hm" }),
      frame("b", { reasoning_content: "m." }),
      frame("b", { content: "It is." }, "stop"),
    );
    assert.deepEqual(passed, [{ id: "a", content: "is." }]);
  });

  it("is stopped where it says something else", () => {
    const stitcher = begun();
    stitcher.begin("repeating");
    assert.throws(() => pass(stitcher, frame("b", { reasoning_content: "Aha" })), Contradiction);
  });

  for (const [title, frames] of [
    ["its answer", [frame("b", { reasoning_content: "Hmm." }), frame("b", {}, "stop")]],
    [
      "its thought",
      [frame("b", { reasoning_content: "Hm" }), frame("b", { content: "It is." }), frame("b", {}, "stop")],
    ],
  ] as const) {
    it(`is no answer when ${title} is over before all that is known came again`, () => {
      const stitcher = begun();
      stitcher.begin("repeating");
      assert.throws(() => pass(stitcher, ...frames), Contradiction);
    });
  }

  it("keeps what is known while it has said less than that", () => {
    const stitcher = begun();
    stitcher.begin("repeating");
    pass(stitcher, frame("b", { reasoning_content: "Hm" }));
    assert.deepEqual([stitcher.said.reasoning, stitcher.said.content], ["Hmm.", "It "]);
  });
});
