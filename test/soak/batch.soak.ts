import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { killLoop } from "../e2e/batch-kill-loop.ts";

const KILLS = 200;

describe("a gateway that is killed hundreds of times", () => {
  it("completes a batch of thousands of lines, each recorded once", async (test) => {
    const survived = await killLoop(
      5_000,
      Array.from({ length: KILLS }, () => 1 + Math.floor(Math.random() * 20)),
    );
    assert.equal(survived.kills, KILLS);
    test.diagnostic(JSON.stringify(survived));
  });
});
