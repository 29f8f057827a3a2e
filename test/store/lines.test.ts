import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClaimedLine } from "../../src/store/line-record.ts";
import type { Store } from "../../src/store/store.ts";
import { BACKENDS } from "./backends.ts";
import {
  aBatch,
  aLine,
  allResults,
  answered,
  claim,
  finalize,
  linesUpTo,
  NOW,
  NOW_MS,
  placesOf,
  runningBatch,
  settle,
  settlementOf,
  unanswered,
} from "./samples.ts";

async function claimOne(store: Store): Promise<ClaimedLine> {
  const [line] = await claim(store, 1);
  assert.ok(line, "nothing to claim");
  return line;
}

/** `completed/failed` of a batch. */
async function counts(store: Store, id = "batch_1"): Promise<string> {
  const batch = await store.batch("", id);
  return `${batch?.completed}/${batch?.failed}`;
}

for (const backend of BACKENDS) {
  describe(`lines of a store ${backend.name}`, () => {
    it("a claimed line carries what is needed to ask it", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1), { tenant: "anna", priority: 70, inputBlob: "b" });
      assert.deepEqual(await claim(store, 5), [
        {
          batchId: "batch_1",
          tenant: "anna",
          endpoint: "/v1/chat/completions",
          priority: 70,
          expiresAt: NOW + 86_400,
          inputBlob: "b",
          n: 0,
          customId: "request-0",
          offset: 0,
          length: 99,
          attempt: 1,
        },
      ]);
    });

    it("lines are claimed once each, by deadline of the batch, then by group, then by place", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "late", linesUpTo(2), { expiresAt: NOW + 200 });
      await runningBatch(store, "soon", [aLine(0, 2), aLine(1, 1), aLine(2, 2), aLine(3, 1)], { expiresAt: NOW + 100 });
      const order = (lines: readonly ClaimedLine[]): string[] => lines.map(({ batchId, n }) => `${batchId} ${n}`);
      assert.deepEqual(order(await claim(store, 3)), ["soon 1", "soon 3", "soon 0"]);
      assert.deepEqual(order(await claim(store, 9)), ["soon 2", "late 0", "late 1"]);
      assert.deepEqual(await claim(store, 9), []);
    });

    it("nothing is claimed while it validates, nor more than asked for", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1"));
      await store.addLines("batch_1", linesUpTo(2));
      assert.deepEqual(await claim(store, 9), []);
      await store.start("batch_1", { total: 2, model: null, now: NOW });
      assert.deepEqual(await claim(store, 0), []);
      assert.equal((await claim(store, 9)).length, 2);
    });

    it("an answer counts as completed with 2xx and as failed otherwise, its usage either way", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(5));
      const usage = { input: 10, cached: 4, output: 3, reasoning: 1 };
      const results = [
        answered({ usage }),
        answered({ statusCode: 204, usage }),
        answered({ statusCode: 400, usage }),
        answered({ statusCode: 199 }),
        unanswered,
      ];
      const lines = await claim(store, 5);
      const settlements = lines.map((line, index) => settlementOf(line, results[index] ?? unanswered));
      assert.deepEqual((await settle(store, ...settlements)).accepted, [true, true, true, true, true]);
      const batch = await store.batch("", "batch_1");
      assert.deepEqual([batch?.completed, batch?.failed], [2, 3]);
      assert.deepEqual(batch?.usage, { input: 30, cached: 12, output: 9, reasoning: 3 });
    });

    it("the first outcome of a line stays, whatever comes later", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(2));
      const [first, second] = await claim(store, 2);
      assert.ok(first && second);
      const one = settlementOf(first, answered({ body: "one" }));
      const two = settlementOf(first, answered({ body: "two" }));
      assert.deepEqual((await settle(store, one, two, settlementOf(second, unanswered))).accepted, [true, false, true]);
      assert.deepEqual((await settle(store, two, settlementOf(second, answered()))).accepted, [false, false]);
      const late = [
        settlementOf(first, unanswered),
        settlementOf(first, { kind: "retry", retryAt: 0 }),
        settlementOf(first, { kind: "giveBack" }),
      ];
      assert.deepEqual((await settle(store, ...late)).accepted, [false, false, false]);
      assert.equal(await counts(store), "1/1");
      const [kept] = await allResults(store, "batch_1", "output");
      assert.equal(kept?.outcome.kind === "answered" && kept.outcome.body, "one");
      assert.deepEqual(await claim(store, 9), []);
    });

    it("an old attempt may still answer, but no longer fail, retry or give back", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      const old = await claimOne(store);
      await settle(store, settlementOf(old, { kind: "retry", retryAt: NOW_MS }));
      const current = await claimOne(store);
      assert.deepEqual([old.attempt, current.attempt], [1, 2]);
      for (const result of [
        unanswered,
        answered({ statusCode: 500 }),
        { kind: "giveBack" },
        { kind: "retry", retryAt: 0 },
      ] as const) {
        assert.deepEqual((await settle(store, settlementOf(old, result))).accepted, [false]);
      }
      assert.equal(await counts(store), "0/0");
      assert.deepEqual((await settle(store, settlementOf(old, answered({ body: "old" })))).accepted, [true]);
      assert.deepEqual((await settle(store, settlementOf(current, answered({ body: "new" })))).accepted, [false]);
      assert.equal(await counts(store), "1/0");
    });

    it("an answer is accepted for a line that waits in the queue again, and takes it out", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(2));
      const [first, second] = await claim(store, 2);
      assert.ok(first && second);
      await settle(
        store,
        settlementOf(first, { kind: "giveBack" }),
        settlementOf(second, { kind: "retry", retryAt: NOW_MS + 5 }),
      );
      assert.deepEqual(
        (await settle(store, settlementOf(first, unanswered))).accepted,
        [false],
        "nothing is in flight",
      );
      assert.deepEqual(
        (await settle(store, settlementOf(first, answered()), settlementOf(second, answered()))).accepted,
        [true, true],
      );
      assert.equal(await store.nextRetryAt(), undefined);
      assert.deepEqual(await claim(store, 9, NOW_MS + 9), []);
    });

    it("a line is tried again at its time, not before", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(3));
      assert.equal(await store.nextRetryAt(), undefined);
      const [first, second] = await claim(store, 2);
      assert.ok(first && second);
      await settle(
        store,
        settlementOf(first, { kind: "retry", retryAt: NOW_MS + 20 }),
        settlementOf(second, { kind: "retry", retryAt: NOW_MS + 10 }),
      );
      assert.equal(await store.nextRetryAt(), NOW_MS + 10);
      assert.deepEqual(placesOf(await claim(store, 9, NOW_MS + 9)), [2]);
      assert.deepEqual(placesOf(await claim(store, 9, NOW_MS + 10)), [1]);
      assert.equal(await store.nextRetryAt(), NOW_MS + 20);
      const [again] = await claim(store, 9, NOW_MS + 20);
      assert.deepEqual([again?.n, again?.attempt], [0, 2]);
      assert.equal(await store.nextRetryAt(), undefined);
    });

    it("a line that is given back for later waits like one to be tried again, and its attempt is not counted", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      const line = await claimOne(store);
      await settle(store, settlementOf(line, { kind: "giveBack", notBefore: NOW_MS + 10 }));
      assert.deepEqual(await claim(store, 1, NOW_MS + 9), []);
      assert.equal(await store.nextRetryAt(), NOW_MS + 10);
      assert.deepEqual(await claim(store, 1, NOW_MS + 10), [line]);
    });

    it("settling and claiming are one step: what is put back can be what is claimed", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(2));
      const line = await claimOne(store);
      const { claimed } = await store.settle([settlementOf(line, { kind: "giveBack" })], { limit: 1, nowMs: NOW_MS });
      assert.deepEqual(claimed, [line], "the attempt is not counted");
    });

    it("the claims of an owner that is gone are pending again, with their attempts counted", async () => {
      await using opened = backend.open();
      await runningBatch(opened.store, "batch_1", linesUpTo(3));
      const [first] = await claim(opened.store, 2);
      assert.ok(first);
      await settle(opened.store, settlementOf(first, answered()));
      await using next = await opened.reopen();
      const again = await claim(next.store, 9);
      assert.deepEqual(
        again.map(({ n, attempt }) => [n, attempt]),
        [
          [1, 2],
          [2, 1],
        ],
      );
      assert.equal(await counts(next.store), "1/0");
    });

    it("an outcome reads as it was recorded, in input order, page by page", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", [aLine(0, 3), aLine(1, 2), aLine(2, 1), aLine(3, 0)]);
      const outcomes = [
        answered({
          requestId: "r0",
          body: '{"text":"größe \u{1F680}\\u0000"}',
          usage: { input: 1, cached: 0, output: 2, reasoning: 0 },
        }),
        unanswered,
        answered({ statusCode: 422, body: "not even JSON" }),
        answered({ requestId: "r3", body: "" }),
      ];
      for (let turn = 0; turn < 4; turn++) {
        const line = await claimOne(store);
        await settle(store, settlementOf(line, outcomes[line.n] ?? unanswered));
      }
      const expected = (...places: readonly number[]): object[] =>
        places.map((n) => ({ n, customId: `request-${n}`, outcome: outcomes[n] }));
      for (const limit of [1, 2, 9]) {
        assert.deepEqual(await allResults(store, "batch_1", "output", limit), expected(0, 3));
        assert.deepEqual(await allResults(store, "batch_1", "error", limit), expected(1, 2));
      }
    });

    it("lines that never ran stand among those that failed, by place, once the batch is finalized", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(4));
      const [, second] = await claim(store, 2);
      assert.ok(second);
      await settle(store, settlementOf(second, unanswered), settlementOf({ ...second, n: 0 }, { kind: "giveBack" }));
      assert.deepEqual(placesOf(await allResults(store, "batch_1", "error")), [1]);
      await store.end("batch_1", "expired", NOW + 5);
      await finalize(store, "batch_1");
      assert.deepEqual(placesOf(await allResults(store, "batch_1", "error", 2)), [0, 1, 2, 3]);
      assert.equal(await counts(store), "0/1");
    });

    it("no outcome is accepted once the batch is finalized", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(2));
      const [first, second] = await claim(store, 2);
      assert.ok(first && second);
      await settle(store, settlementOf(first, answered()), settlementOf(second, { kind: "giveBack" }));
      await store.end("batch_1", "cancelled", NOW + 5);
      await finalize(store, "batch_1");
      assert.deepEqual((await settle(store, settlementOf(second, answered()))).accepted, [false]);
      await store.finish("batch_1", [], NOW + 9);
      assert.deepEqual((await settle(store, settlementOf(second, answered()))).accepted, [false]);
      assert.equal(await counts(store), "1/0");
    });

    it("a settlement for a line or a batch that does not exist is not accepted, and keeps no other from being", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      const line = await claimOne(store);
      const settlements = [
        settlementOf({ ...line, batchId: "nope" }, answered()),
        settlementOf({ ...line, n: 7 }, answered()),
        settlementOf(line, answered()),
      ];
      assert.deepEqual((await settle(store, ...settlements)).accepted, [false, false, true]);
      assert.equal(await counts(store), "1/0");
    });
  });
}
