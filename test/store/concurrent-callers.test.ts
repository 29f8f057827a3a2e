import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BACKENDS, IN_ITS_THREAD } from "./backends.ts";
import { answered, claim, linesUpTo, NO_TOKENS, NOW_MS, placesOf, runningBatch, settlementOf } from "./samples.ts";

for (const backend of [...BACKENDS, IN_ITS_THREAD]) {
  describe(`a store ${backend.name}`, () => {
    it("callers that settle at the same time are each told of their own, and every line is claimed once", async () => {
      await using opened = backend.open();
      const { store } = opened;
      const total = 200;
      await runningBatch(store, "batch_1", linesUpTo(total));
      const seen: number[] = [];
      const lane = async (): Promise<void> => {
        let [line] = await claim(store, 1);
        while (line !== undefined) {
          seen.push(line.n);
          const usage = { ...NO_TOKENS, input: 1 };
          const settled = await store.settle([settlementOf(line, answered({ usage }))], { limit: 1, nowMs: NOW_MS });
          assert.deepEqual(settled.accepted, [true]);
          [line] = settled.claimed;
        }
      };
      await Promise.all(Array.from({ length: 16 }, lane));
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        placesOf(linesUpTo(total)),
      );
      const batch = await store.batch("", "batch_1");
      assert.deepEqual([batch?.completed, batch?.failed, batch?.usage.input], [total, 0, total]);
    });
  });
}
