import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decidePark, type ParkDecision, type ParkSituation } from "../../src/relay/park-decision.ts";

const DECODING: ParkSituation = {
  state: "decoding",
  ended: false,
  ranMs: 5_000,
  minRunMs: 100,
  delivered: true,
  resumable: true,
  resumableLater: false,
  restartsLeft: 3,
  tokensLeft: undefined,
};

const ROWS: readonly [promise: string, situation: Partial<ParkSituation>, decision: ParkDecision][] = [
  ["goes on behind what was said where the engine can", {}, { park: "behind" }],
  ["also when it could begin anew: work that is done is kept", { delivered: false }, { park: "behind" }],
  ["begins anew while its client has nothing", { delivered: false, resumable: false }, { park: "afresh" }],
  [
    "begins anew while the prompt is read",
    { state: "prefilling", delivered: false, resumable: false },
    { park: "afresh" },
  ],
  ["runs to its end when its client has some and the engine cannot go on", { resumable: false }, "stay"],
  [
    "runs to its end when it was begun anew often enough",
    { delivered: false, resumable: false, restartsLeft: 0 },
    "stay",
  ],
  [
    "is asked again when it may not begin anew, but will be able to go on",
    { state: "prefilling", delivered: false, resumable: false, resumableLater: true, restartsLeft: 0 },
    { afterMs: 50 },
  ],
  [
    "is asked again when its client has too little to go on with",
    { resumable: false, resumableLater: true },
    { afterMs: 50 },
  ],
  ["goes on however often it was begun anew", { restartsLeft: 0 }, { park: "behind" }],
  ["runs to its end when that is nearly there", { tokensLeft: 4 }, "stay"],
  ["steps aside when there is more to come", { tokensLeft: 5 }, { park: "behind" }],
  ["runs to its end when the engine has said that this is it", { ended: true }, "stay"],
  ["runs for a moment first", { ranMs: 30 }, { afterMs: 70 }],
  ["is not stopped twice", { state: "parked" }, "stay"],
  ["is not stopped when it is over", { state: "finished" }, "stay"],
];

describe("a run that is asked to step aside", () => {
  for (const [promise, situation, decision] of ROWS) {
    it(promise, () => assert.deepEqual(decidePark({ ...DECODING, ...situation }), decision));
  }
});
