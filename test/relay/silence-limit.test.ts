import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SilenceLimit } from "../../src/relay/silence-limit.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("a limit on silence", () => {
  it("is reached once, so long after the last word and not after the first", () => {
    const clock = new ManualClock();
    let silences = 0;
    const limit = new SilenceLimit(clock, 1_000, () => silences++);
    for (let n = 0; n < 5; n++) {
      clock.advance(999);
      limit.heard();
    }
    clock.advance(999);
    assert.equal(silences, 0);
    clock.advance(1);
    assert.equal(silences, 1);
    clock.advance(10_000);
    assert.equal(silences, 1);
  });

  it("leaves no timer behind when it ends, and keeps no process alive before", () => {
    const clock = new ManualClock();
    const limit = new SilenceLimit(clock, 1_000, () => assert.fail("it was over"));
    limit.heard();
    clock.advance(500);
    limit.heard();
    clock.advance(600);
    assert.deepEqual(clock.pending, { all: 1, keepAlive: 0 });
    limit.end();
    limit.end();
    assert.deepEqual(clock.pending, { all: 0, keepAlive: 0 });
  });
});
