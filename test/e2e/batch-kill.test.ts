import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { killLoop } from "./batch-kill-loop.ts";

const KILLS = 12;

describe("a gateway that is killed again and again", () => {
  it("completes its batch: every result there once, in order, and nothing asked again but what was in flight", async () => {
    const { kills, chats } = await killLoop(
      200,
      Array.from({ length: KILLS }, (_, n) => 1 + ((n * 7) % 13)),
    );
    assert.equal(kills, KILLS);
    assert.ok(chats > 0, "no chat got through");
  });
});
