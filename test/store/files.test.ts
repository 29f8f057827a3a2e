import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BACKENDS, IN_ITS_THREAD } from "./backends.ts";
import { aBatch, aFile, NOW } from "./samples.ts";

for (const backend of [...BACKENDS, IN_ITS_THREAD]) {
  describe(`files of a store ${backend.name}`, () => {
    it("a file reads as it was written, also for the next owner", async () => {
      await using opened = backend.open();
      const file = aFile("file-1", { filename: "größe \u{1F680}.jsonl", bytes: 2 ** 40, expiresAt: NOW + 5 });
      await opened.store.addFile(file);
      assert.deepEqual(await opened.store.file("", "file-1"), file);
      await using next = await opened.reopen();
      assert.deepEqual(await next.store.file("", "file-1"), file);
    });

    it("nothing is found that was never written", async () => {
      await using opened = backend.open();
      const { store } = opened;
      assert.equal(await store.file("", "file-1"), undefined);
      assert.equal(await store.removeFile("", "file-1"), false);
      assert.deepEqual(await store.files("", { limit: 10, order: "desc" }), { items: [], hasMore: false });
      await assert.rejects(store.files("", { limit: 10, order: "desc", after: "file-1" }), { code: "unknown_cursor" });
      assert.deepEqual(await store.unusedBlobs(["a", "b"]), ["a", "b"]);
      assert.equal(await store.removeExpiredFiles(NOW), 0);
    });

    it("pages follow creation in both directions, and the last one says so", async () => {
      await using opened = backend.open();
      const { store } = opened;
      // One second for all: the order is that of the calls. Ids are in no order.
      for (const id of ["c", "a", "e", "b", "d"]) await store.addFile(aFile(id));
      const walk = async (order: "asc" | "desc", limit: number): Promise<string[]> => {
        const pages: string[] = [];
        let after: string | undefined;
        for (;;) {
          const { items, hasMore } = await store.files("", { limit, order, after });
          pages.push(items.map(({ id }) => id).join(""));
          if (!hasMore) return pages;
          after = items.at(-1)?.id;
        }
      };
      assert.deepEqual(await walk("asc", 2), ["ca", "eb", "d"]);
      assert.deepEqual(await walk("desc", 2), ["db", "ea", "c"]);
      assert.deepEqual(await walk("desc", 5), ["dbeac"]);
      assert.deepEqual(await store.files("", { limit: 5, order: "asc", after: "d" }), { items: [], hasMore: false });
    });

    it("a list of one purpose holds no other, and goes on behind any file", async () => {
      await using opened = backend.open();
      const { store } = opened;
      for (const [id, purpose] of Object.entries({
        a: "batch",
        b: "user_data",
        c: "batch",
        d: "user_data",
        e: "batch",
      })) {
        await store.addFile(aFile(id, { purpose }));
      }
      const page = await store.files("", { limit: 2, order: "asc", purpose: "batch" });
      assert.deepEqual([page.items.map(({ id }) => id), page.hasMore], [["a", "c"], true]);
      const rest = await store.files("", { limit: 2, order: "asc", purpose: "batch", after: "d" });
      assert.deepEqual([rest.items.map(({ id }) => id), rest.hasMore], [["e"], false]);
    });

    it("no tenant sees, pages by or removes a file of another", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1", { tenant: "anna" }));
      assert.equal(await store.file("berta", "file-1"), undefined);
      assert.equal(await store.file("", "file-1"), undefined);
      assert.deepEqual(await store.files("berta", { limit: 5, order: "asc" }), { items: [], hasMore: false });
      await assert.rejects(store.files("berta", { limit: 5, order: "asc", after: "file-1" }), {
        code: "unknown_cursor",
      });
      assert.equal(await store.removeFile("berta", "file-1"), false);
      assert.equal((await store.file("anna", "file-1"))?.id, "file-1");
    });

    it("a removed file is gone, and is removed once", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1"));
      assert.equal(await store.removeFile("", "file-1"), true);
      assert.equal(await store.removeFile("", "file-1"), false);
      assert.equal(await store.file("", "file-1"), undefined);
    });

    it("files expire at their second, not before, and those without an end never", async () => {
      await using opened = backend.open();
      const { store } = opened;
      for (const [id, expiresAt] of Object.entries({ a: NOW, b: NOW + 1, c: NOW + 2, d: null })) {
        await store.addFile(aFile(id, { expiresAt }));
      }
      assert.equal(await store.removeExpiredFiles(NOW + 1), 2);
      assert.equal(await store.removeExpiredFiles(NOW + 1), 0);
      const { items } = await store.files("", { limit: 5, order: "asc" });
      assert.deepEqual(
        items.map(({ id }) => id),
        ["c", "d"],
      );
    });

    it("an id is taken once, and the second writer changes nothing", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1"));
      await assert.rejects(store.addFile(aFile("file-1", { filename: "other.jsonl" })));
      assert.equal((await store.file("", "file-1"))?.filename, "requests.jsonl");
    });

    it("a blob is in use while a file names it, or a batch may still read it", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1", { blob: "shared" }));
      await store.createBatch(aBatch("batch_1", { inputBlob: "shared" }));
      assert.deepEqual(await store.unusedBlobs(["shared", "stray"]), ["stray"]);
      await store.removeFile("", "file-1");
      assert.deepEqual(await store.unusedBlobs(["shared", "stray"]), ["stray"]);
      await store.fail("batch_1", [], NOW);
      assert.deepEqual(await store.unusedBlobs(["shared", "stray"]), ["shared", "stray"]);
    });

    it("a closed store refuses every call, and closes again without a word", async () => {
      await using opened = backend.open();
      const { store } = opened;
      await store.addFile(aFile("file-1"));
      await store.close();
      await store.close();
      await assert.rejects(store.file("", "file-1"), { code: "store_closed" });
      await assert.rejects(store.addFile(aFile("file-2")), { code: "store_closed" });
    });
  });
}
