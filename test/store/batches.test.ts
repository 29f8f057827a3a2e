import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BatchRecord } from "../../src/store/batch-record.ts";
import type { Store } from "../../src/store/store.ts";
import { BACKENDS } from "./backends.ts";
import {
  aBatch,
  aFile,
  allResults,
  answered,
  claim,
  finalize,
  linesUpTo,
  NO_TOKENS,
  NOW,
  placesOf,
  runningBatch,
  settle,
  settlementOf,
} from "./samples.ts";

async function known(store: Store, id = "batch_1"): Promise<BatchRecord> {
  const batch = await store.batch("", id);
  assert.ok(batch, `there is no ${id}`);
  return batch;
}

for (const backend of BACKENDS) {
  describe(`batches of a store ${backend.name}`, () => {
    it("a batch begins in validating with nothing done, and reads the same for the next owner", async () => {
      await using opened = backend.open();
      const facts = aBatch("batch_1", { metadata: { run: "7", ä: "ö" }, outputExpiresAfter: 3600, priority: 70.5 });
      const made = await opened.store.createBatch(facts);
      assert.deepEqual(made, {
        ...facts,
        status: "validating",
        ending: null,
        paused: false,
        model: null,
        errors: [],
        outputFileId: null,
        errorFileId: null,
        inProgressAt: null,
        finalizingAt: null,
        completedAt: null,
        failedAt: null,
        expiredAt: null,
        cancellingAt: null,
        cancelledAt: null,
        total: 0,
        completed: 0,
        failed: 0,
        usage: NO_TOKENS,
      });
      await using next = await opened.reopen();
      assert.deepEqual(await next.store.batch("", "batch_1"), made);
    });

    it("a request that is sent again with its idempotency key makes one batch", async () => {
      await using opened = backend.open();
      const { store } = opened;
      const key = { key: "k", fingerprint: "f", until: NOW + 10 };
      await store.createBatch(aBatch("batch_1"), key);
      await store.start("batch_1", { total: 1, model: null, now: NOW });
      const again = await store.createBatch(aBatch("batch_2"), key);
      assert.deepEqual([again.id, again.status], ["batch_1", "in_progress"]);
      assert.equal(await store.batch("", "batch_2"), undefined);
    });

    it("an idempotency key is refused for another request, and belongs to its tenant", async () => {
      await using opened = backend.open();
      const { store } = opened;
      const key = { key: "k", fingerprint: "f", until: NOW + 10 };
      await store.createBatch(aBatch("batch_1"), key);
      const other = { ...key, fingerprint: "g" };
      await assert.rejects(store.createBatch(aBatch("batch_2"), other), { code: "idempotency_conflict" });
      assert.equal(await store.batch("", "batch_2"), undefined);
      assert.equal((await store.createBatch(aBatch("batch_3", { tenant: "anna" }), other)).id, "batch_3");
    });

    it("an idempotency key is forgotten after its time, not at it", async () => {
      await using opened = backend.open();
      const { store } = opened;
      const key = { key: "k", fingerprint: "f", until: NOW + 10 };
      await store.createBatch(aBatch("batch_1"), key);
      assert.equal((await store.createBatch(aBatch("batch_2", { createdAt: NOW + 10 }), key)).id, "batch_1");
      assert.equal((await store.createBatch(aBatch("batch_3", { createdAt: NOW + 11 }), key)).id, "batch_3");
    });

    it("no tenant sees, pages by or pauses a batch of another", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1", { tenant: "anna" }));
      assert.equal(await store.batch("berta", "batch_1"), undefined);
      assert.deepEqual(await store.batches("berta", { limit: 5, order: "desc" }), { items: [], hasMore: false });
      await assert.rejects(store.batches("berta", { limit: 5, order: "desc", after: "batch_1" }), {
        code: "unknown_cursor",
      });
      assert.equal(await store.setPaused("berta", "batch_1", true), undefined);
      assert.equal((await store.batch("anna", "batch_1"))?.paused, false);
    });

    it("pages of batches follow creation", async () => {
      await using opened = backend.open();
      const { store } = opened;
      for (const id of ["c", "a", "b"]) await store.createBatch(aBatch(id));
      const first = await store.batches("", { limit: 2, order: "desc" });
      assert.deepEqual([first.items.map(({ id }) => id), first.hasMore], [["b", "a"], true]);
      const rest = await store.batches("", { limit: 2, order: "desc", after: "a" });
      assert.deepEqual([rest.items.map(({ id }) => id), rest.hasMore], [["c"], false]);
      assert.deepEqual(
        (await store.batches("", { limit: 2, order: "asc" })).items.map(({ id }) => id),
        ["c", "a"],
      );
    });

    it("open batches are all that have not ended, of everybody, the nearest deadline first", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("late", { expiresAt: NOW + 30 }));
      await store.createBatch(aBatch("soon", { expiresAt: NOW + 10, tenant: "anna" }));
      await store.createBatch(aBatch("next", { expiresAt: NOW + 20 }));
      await store.createBatch(aBatch("also-next", { expiresAt: NOW + 20 }));
      await store.createBatch(aBatch("over", { expiresAt: NOW + 5 }));
      await store.fail("over", [], NOW);
      assert.deepEqual(
        (await store.openBatches()).map(({ id }) => id),
        ["soon", "next", "also-next", "late"],
      );
    });

    it("a call about a batch that does not exist says so, or finds nothing", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1"));
      const unknown = { code: "unknown_batch" };
      await assert.rejects(store.addLines("nope", linesUpTo(1)), unknown);
      await assert.rejects(store.start("nope", { total: 1, model: null, now: NOW }), unknown);
      await assert.rejects(store.fail("nope", [], NOW), unknown);
      await assert.rejects(finalize(store, "nope"), unknown);
      await assert.rejects(store.results("nope", { which: "output", after: -1, limit: 1 }), unknown);
      await assert.rejects(store.finish("nope", [], NOW), unknown);
      assert.equal(await store.end("nope", "cancelled", NOW), undefined);
      assert.equal(await store.setPaused("", "nope", true), undefined);
    });

    it("a batch that passes validation starts once, with what validation found", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1"));
      const started = await store.start("batch_1", { total: 3, model: "qwen", now: NOW + 1 });
      assert.deepEqual(
        [started.status, started.total, started.model, started.inProgressAt],
        ["in_progress", 3, "qwen", NOW + 1],
      );
      assert.deepEqual(await store.start("batch_1", { total: 9, model: "x", now: NOW + 2 }), started);
      assert.deepEqual(await store.fail("batch_1", [], NOW + 2), started);
    });

    it("a batch that fails validation keeps its errors, drops its lines and stays failed", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1"));
      await store.addLines("batch_1", linesUpTo(2));
      const errors = [{ code: "invalid_json_line", message: "This line is not JSON.", line: 3, param: null }];
      const failed = await store.fail("batch_1", errors, NOW + 1);
      assert.deepEqual([failed.status, failed.failedAt, failed.errors], ["failed", NOW + 1, errors]);
      assert.deepEqual(await store.start("batch_1", { total: 2, model: null, now: NOW + 2 }), failed);
      assert.deepEqual(await store.end("batch_1", "cancelled", NOW + 2), failed);
      assert.deepEqual(await store.setPaused("", "batch_1", true), failed);
      assert.deepEqual(await finalize(store, "batch_1"), failed);
      assert.deepEqual(await store.finish("batch_1", [], NOW + 2), failed);
      assert.deepEqual(await claim(store, 5), []);
      assert.deepEqual(await known(store), failed);
    });

    it("lines are added once, however often validation runs, and not after it", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1"));
      await store.addLines("batch_1", linesUpTo(2));
      await store.addLines("batch_1", linesUpTo(3));
      await store.start("batch_1", { total: 3, model: null, now: NOW });
      await store.addLines("batch_1", linesUpTo(9));
      assert.deepEqual(placesOf(await claim(store, 9)), [0, 1, 2]);
    });

    for (const how of ["cancelled", "expired"] as const) {
      it(`a batch that is ${how} while it validates ends without lines and without files`, async () => {
        await using opened = backend.open();
        const { store } = opened;
        await store.createBatch(aBatch("batch_1"));
        await store.addLines("batch_1", linesUpTo(2));
        const ending = await store.end("batch_1", how, NOW + 1);
        assert.deepEqual([ending?.status, ending?.ending], [how === "cancelled" ? "cancelling" : "validating", how]);
        // Validation, which goes on beside it, has no say any more.
        await store.addLines("batch_1", linesUpTo(4));
        assert.deepEqual(await store.start("batch_1", { total: 4, model: "m", now: NOW + 2 }), ending);
        assert.deepEqual(await store.fail("batch_1", [], NOW + 2), ending);
        assert.deepEqual(await claim(store, 5), []);
        const finalizing = await finalize(store, "batch_1");
        assert.deepEqual([finalizing.outputFileId, finalizing.errorFileId, finalizing.total], [null, null, 0]);
        assert.deepEqual(await allResults(store, "batch_1", "error"), []);
        const ended = await store.finish("batch_1", [], NOW + 60);
        assert.deepEqual([ended.status, ended.cancelledAt ?? ended.expiredAt], [how, NOW + 60]);
      });

      it(`a batch that is ${how} while it runs claims no more, keeps what is in flight and tells of what never ran`, async () => {
        await using opened = backend.open();
        const { store } = opened;
        await runningBatch(store, "batch_1", linesUpTo(5));
        const [first, second, third] = await claim(store, 3);
        assert.ok(first && second && third);
        await settle(store, settlementOf(first, answered()));
        await store.end("batch_1", how, NOW + 5);
        assert.deepEqual(await claim(store, 5), []);
        assert.equal((await finalize(store, "batch_1")).finalizingAt, null, "lines are in flight");
        const { accepted } = await settle(
          store,
          settlementOf(second, answered()),
          settlementOf(third, { kind: "retry", retryAt: 0 }),
        );
        assert.deepEqual(accepted, [true, true]);
        assert.deepEqual(await claim(store, 5), []);
        const finalizing = await finalize(store, "batch_1");
        assert.equal(finalizing.finalizingAt, NOW + 50);
        assert.equal(finalizing.status, how === "cancelled" ? "cancelling" : "finalizing");
        assert.deepEqual([finalizing.outputFileId, finalizing.errorFileId], ["file-out", "file-err"]);
        assert.deepEqual([finalizing.total, finalizing.completed, finalizing.failed], [5, 2, 0]);
        assert.deepEqual(placesOf(await allResults(store, "batch_1", "output")), [0, 1]);
        const never = await allResults(store, "batch_1", "error");
        assert.deepEqual(placesOf(never), [2, 3, 4]);
        for (const { outcome } of never) assert.equal(outcome.kind === "unanswered" && outcome.code, `batch_${how}`);
        const ended = await store.finish("batch_1", [], NOW + 60);
        assert.deepEqual([ended.status, ended.ending], [how, how]);
        assert.deepEqual([ended.completedAt, ended.failedAt], [null, null]);
      });
    }

    it("a batch ends in the way it was first told to", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      const cancelling = await store.end("batch_1", "cancelled", NOW + 1);
      assert.equal(cancelling?.cancellingAt, NOW + 1);
      assert.deepEqual(await store.end("batch_1", "expired", NOW + 2), cancelling);
      assert.deepEqual(await store.end("batch_1", "cancelled", NOW + 3), cancelling);
      await runningBatch(store, "batch_2", linesUpTo(1));
      const expiring = await store.end("batch_2", "expired", NOW + 1);
      assert.deepEqual([expiring?.status, expiring?.ending], ["in_progress", "expired"]);
      assert.deepEqual(await store.end("batch_2", "cancelled", NOW + 2), expiring);
    });

    it("a batch whose lines are done cannot be cancelled any more once it is finalized", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      for (const line of await claim(store, 1)) await settle(store, settlementOf(line, answered()));
      const finalizing = await finalize(store, "batch_1");
      assert.deepEqual([finalizing.status, finalizing.ending], ["finalizing", "completed"]);
      assert.deepEqual(await store.end("batch_1", "cancelled", NOW + 55), finalizing);
    });

    it("finalizing waits for every line, and done again keeps its first ids", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.createBatch(aBatch("batch_1"));
      assert.equal((await finalize(store, "batch_1")).status, "validating");
      await store.addLines("batch_1", linesUpTo(2));
      await store.start("batch_1", { total: 2, model: null, now: NOW });
      assert.equal((await finalize(store, "batch_1")).finalizingAt, null, "lines are pending");
      const [first, second] = await claim(store, 2);
      assert.ok(first && second);
      await settle(store, settlementOf(first, { kind: "retry", retryAt: 2 ** 41 }), settlementOf(second, answered()));
      assert.equal((await finalize(store, "batch_1")).finalizingAt, null, "a line waits to be tried again");
      await settle(store, settlementOf(first, answered()));
      const finalizing = await finalize(store, "batch_1");
      assert.deepEqual([finalizing.outputFileId, finalizing.errorFileId], ["file-out", null]);
      await using next = await opened.reopen();
      const again = await next.store.finalize("batch_1", { outputFileId: "x", errorFileId: "y", now: NOW + 99 });
      assert.deepEqual(again, finalizing);
    });

    it("a batch that finishes has its files and no results, and finishing again changes nothing", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(2));
      for (const line of await claim(store, 2)) {
        const usage = { input: 3, cached: 2, output: 1, reasoning: 0 };
        await settle(store, settlementOf(line, answered({ statusCode: line.n === 0 ? 200 : 400, usage })));
      }
      await finalize(store, "batch_1");
      const files = [aFile("file-out", { purpose: "batch_output" }), aFile("file-err", { purpose: "batch_output" })];
      const ended = await store.finish("batch_1", files, NOW + 60);
      assert.deepEqual([ended.status, ended.completedAt, ended.completed, ended.failed], ["completed", NOW + 60, 1, 1]);
      assert.deepEqual(ended.usage, { input: 6, cached: 4, output: 2, reasoning: 0 });
      assert.deepEqual(await store.file("", "file-err"), files[1]);
      assert.deepEqual(await allResults(store, "batch_1", "output"), []);
      assert.deepEqual(await store.finish("batch_1", files, NOW + 99), ended);
      assert.deepEqual(await known(store), ended);
    });

    it("a batch that was cancelled takes the times of its retries with it", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      for (const line of await claim(store, 1))
        await settle(store, settlementOf(line, { kind: "retry", retryAt: 2 ** 41 }));
      await store.end("batch_1", "cancelled", NOW + 1);
      await finalize(store, "batch_1");
      await store.finish("batch_1", [], NOW + 60);
      assert.equal(await store.nextRetryAt(), undefined);
    });

    it("what is not being finalized cannot finish", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      await assert.rejects(store.finish("batch_1", [], NOW));
      assert.equal((await known(store)).status, "in_progress");
    });

    it("a file that cannot be added keeps its batch from finishing, results and all", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await runningBatch(store, "batch_1", linesUpTo(1));
      for (const line of await claim(store, 1)) await settle(store, settlementOf(line, answered()));
      const finalizing = await finalize(store, "batch_1");
      await store.addFile(aFile("file-out"));
      await assert.rejects(store.finish("batch_1", [aFile("file-out")], NOW + 60));
      assert.deepEqual(await known(store), finalizing);
      assert.deepEqual(placesOf(await allResults(store, "batch_1", "output")), [0]);
    });

    it("a paused batch keeps its lines until the pause is lifted, also across owners", async () => {
      await using opened = backend.open();
      await runningBatch(opened.store, "batch_1", linesUpTo(2));
      assert.equal((await opened.store.setPaused("", "batch_1", true))?.paused, true);
      assert.deepEqual(await claim(opened.store, 2), []);
      await using next = await opened.reopen();
      assert.deepEqual(await claim(next.store, 2), []);
      assert.equal((await next.store.setPaused("", "batch_1", false))?.paused, false);
      assert.deepEqual(placesOf(await claim(next.store, 2)), [0, 1]);
    });

    it("batches are forgotten that ended before, and no others", async () => {
      await using opened = backend.open();
      const { store } = opened;
      for (const id of ["a", "b", "c"])
        await store.createBatch(aBatch(id), { key: id, fingerprint: "f", until: NOW + 99 });
      await store.fail("a", [], NOW + 1);
      await store.fail("b", [], NOW + 2);
      assert.equal(await store.removeEndedBatches(NOW + 2), 1);
      const { items } = await store.batches("", { limit: 9, order: "asc" });
      assert.deepEqual(
        items.map(({ id }) => id),
        ["b", "c"],
      );
      const anew = await store.createBatch(aBatch("d"), { key: "a", fingerprint: "f", until: NOW + 99 });
      assert.equal(anew.id, "d", "its idempotency key went with it");
    });
  });
}
