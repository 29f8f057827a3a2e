import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createDataStore } from "../../src/store/data-store.ts";
import type { Store } from "../../src/store/store.ts";
import { prepareProcess } from "./other-process.ts";
import { quickDirectory } from "./directories.ts";
import { aBatch, aFile, claim, linesUpTo, NOW, NOW_MS, runningBatch } from "./samples.ts";

describe("the data directory", () => {
  let parent: string;
  let directory: string;

  beforeEach(() => {
    parent = quickDirectory();
    directory = join(parent, "deep", "data");
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  async function inStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  /** What another program that has SQLite does to the database. */
  function inDatabase<T>(use: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(directory, "headgate.db"));
    try {
      return use(db);
    } finally {
      db.close();
    }
  }

  it("is not made by looking into it, and reads as empty until then", async () => {
    const { store, blobs } = createDataStore({ directory });
    assert.equal(await store.file("", "file-1"), undefined);
    assert.equal(await store.batch("", "batch_1"), undefined);
    assert.deepEqual(await store.openBatches(), []);
    assert.deepEqual(await store.batches("", { limit: 1, order: "asc" }), { items: [], hasMore: false });
    assert.deepEqual(await store.settle([], { limit: 5, nowMs: NOW_MS }), { accepted: [], claimed: [] });
    assert.equal(await store.nextRetryAt(), undefined);
    assert.equal(await store.removeExpiredFiles(NOW), 0);
    assert.equal(await store.removeEndedBatches(NOW), 0);
    assert.equal(await store.removeFile("", "file-1"), false);
    assert.equal(await store.setPaused("", "batch_1", true), undefined);
    assert.equal(await store.end("batch_1", "cancelled", NOW), undefined);
    assert.deepEqual(await store.unusedBlobs(["a"]), ["a"]);
    assert.deepEqual(await blobs.list(), []);
    await blobs.remove("a");
    await store.close();
    assert.deepEqual(readdirSync(parent), []);
  });

  it("is its owner's alone: nobody else may read what is in it", async (t) => {
    if (process.platform === "win32") return t.skip("Windows has no modes");
    const { store, blobs } = createDataStore({ directory, minFreeBytes: 0 });
    const writer = await blobs.create("a");
    await store.addFile(aFile("file-1"));
    const mode = (...path: readonly string[]): number => statSync(join(directory, ...path)).mode & 0o777;
    assert.equal(mode(), 0o700);
    assert.equal(mode("blobs"), 0o700);
    for (const name of readdirSync(directory).filter((entry) => entry !== "blobs"))
      assert.equal(mode(name), 0o600, name);
    for (const name of readdirSync(join(directory, "blobs"))) assert.equal(mode("blobs", name), 0o600, name);
    await writer.discard();
    await store.close();
  });

  it("belongs to one store at a time; another is told which directory it is and what to do", async () => {
    const first = createDataStore({ directory, minFreeBytes: 0 });
    await first.store.addFile(aFile("file-1"));
    const second = createDataStore({ directory, minFreeBytes: 0 });
    const inUse = (error: Error & { readonly code?: string }): boolean => {
      assert.equal(error.code, "store_in_use");
      assert.ok(error.message.includes(directory) && error.message.includes("--data"), error.message);
      return true;
    };
    await assert.rejects(second.store.file("", "file-1"), inUse);
    await assert.rejects(second.store.addFile(aFile("file-2")), inUse);
    await assert.rejects(second.blobs.create("a"), inUse);
    await first.store.close();
    assert.equal((await second.store.file("", "file-1"))?.id, "file-1", "free again, and the same store may have it");
    await second.store.close();
  });

  it("belongs to one process at a time, and a killed one gives it back at once", async () => {
    const start = await prepareProcess(parent);
    const other = start("hold", directory);
    assert.equal((await other.lines.next()).value, "holds");
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    await assert.rejects(store.addFile(aFile("file-1")), { code: "store_in_use" });
    await other.kill();
    await store.addFile(aFile("file-1"));
    await store.close();
  });

  it("keeps what the second store must not touch: a half-written blob of the first", async () => {
    const first = createDataStore({ directory, minFreeBytes: 0 });
    const writer = await first.blobs.create("a");
    const second = createDataStore({ directory, minFreeBytes: 0 });
    await assert.rejects(second.store.openBatches(), { code: "store_in_use" });
    await writer.write(Buffer.from("x"));
    assert.equal(await writer.commit(), 1);
    await first.store.close();
    await second.store.close();
  });

  it("is swept of half-written blobs by the next owner, and of nothing else", async () => {
    await inStore((store) => store.addFile(aFile("file-1")));
    mkdirSync(join(directory, "blobs"));
    for (const name of ["whole", "half.1.part"]) writeFileSync(join(directory, "blobs", name), "x");
    await inStore((store) => store.openBatches());
    assert.deepEqual(readdirSync(join(directory, "blobs")), ["whole"]);
  });

  it("is written with WAL and FULL, and marked as Headgate's", async () => {
    await inStore((store) => store.addFile(aFile("file-1")));
    inDatabase((db) => {
      assert.deepEqual({ ...db.prepare("PRAGMA journal_mode").get() }, { journal_mode: "wal" });
      assert.deepEqual({ ...db.prepare("PRAGMA application_id").get() }, { application_id: 0x48476174 });
    });
  });

  it("can be backed up while it is in use, and the copy is a data directory", async () => {
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    await runningBatch(store, "batch_1", linesUpTo(3));
    await claim(store, 1);
    const copy = join(parent, "copy");
    mkdirSync(copy);
    const db = new DatabaseSync(join(directory, "headgate.db"), { readOnly: true });
    await backup(db, join(copy, "headgate.db"));
    db.close();
    await store.addFile(aFile("file-1"));
    await store.close();
    const restored = createDataStore({ directory: copy, minFreeBytes: 0 }).store;
    assert.equal((await restored.batch("", "batch_1"))?.total, 3);
    assert.equal((await claim(restored, 9)).length, 3);
    await restored.close();
  });

  it("of a newer Headgate is refused, and not touched", async () => {
    await inStore((store) => store.addFile(aFile("file-1")));
    inDatabase((db) => db.exec("PRAGMA user_version = 99"));
    const before = readFileSync(join(directory, "headgate.db"));
    await assert.rejects(
      inStore((store) => store.openBatches()),
      (error: Error & { readonly code?: string }) => {
        assert.equal(error.code, "store_newer");
        assert.match(error.message, /99/);
        return true;
      },
    );
    assert.deepEqual(readFileSync(join(directory, "headgate.db")), before);
    assert.deepEqual(readdirSync(directory).sort(), ["headgate.db", "headgate.lock"]);
  });

  it("of a newer Headgate is refused also while that version is only in its journal", async () => {
    await inStore((store) => store.addFile(aFile("file-1")));
    const path = join(directory, "headgate.db");
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    const [data, journal] = [readFileSync(path), readFileSync(`${path}-wal`)];
    db.close();
    writeFileSync(path, data);
    writeFileSync(`${path}-wal`, journal);
    await assert.rejects(
      inStore((store) => store.openBatches()),
      { code: "store_newer" },
    );
  });

  it("with somebody else's database in it is refused, and not touched", async () => {
    mkdirSync(directory, { recursive: true });
    inDatabase((db) => db.exec("CREATE TABLE theirs (a); PRAGMA user_version = 1"));
    const before = readFileSync(join(directory, "headgate.db"));
    await assert.rejects(
      inStore((store) => store.addFile(aFile("file-1"))),
      { code: "store_damaged" },
    );
    assert.deepEqual(readFileSync(join(directory, "headgate.db")), before);
  });

  it("with a file in it that is no database is refused, and not touched", async () => {
    mkdirSync(directory, { recursive: true });
    for (const content of ["short", "a text that is longer than the header of a database. ".repeat(9)]) {
      writeFileSync(join(directory, "headgate.db"), content);
      await assert.rejects(
        inStore((store) => store.addFile(aFile("file-1"))),
        { code: "store_damaged" },
      );
      assert.equal(readFileSync(join(directory, "headgate.db"), "utf8"), content);
    }
  });

  it("with a damaged database in it is refused by name", async () => {
    await inStore((store) => runningBatch(store, "batch_1", linesUpTo(500)));
    const path = join(directory, "headgate.db");
    const content = readFileSync(path);
    content.fill(0x55, 4096);
    writeFileSync(path, content);
    await assert.rejects(
      inStore((store) => store.batches("", { limit: 1, order: "asc" })),
      { code: "store_damaged" },
    );
  });

  it("that was made and not yet written to is taken as a new one", async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "headgate.db"), "");
    await inStore((store) => store.addFile(aFile("file-1")));
    assert.ok(existsSync(join(directory, "headgate.db")));
  });

  it("that another took over, past the lock, is left alone by the elder owner", async () => {
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    await store.addFile(aFile("file-1"));
    inDatabase((db) => db.exec("UPDATE owner SET epoch = epoch + 1"));
    await assert.rejects(store.addFile(aFile("file-2")), { code: "store_closed" });
    await assert.rejects(store.settle([], { limit: 1, nowMs: NOW_MS }), { code: "store_closed" });
    assert.equal(await store.file("", "file-2"), undefined);
    await store.close();
  });

  it("cannot be made where a file is in the way, and the error names the path", async () => {
    writeFileSync(join(parent, "deep"), "");
    await assert.rejects(
      inStore((store) => store.addFile(aFile("file-1"))),
      (error: Error) => error.message.includes(directory),
    );
  });

  it("calls that were made before the store is closed are carried out", async () => {
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    const calls = Array.from({ length: 100 }, (_, index) => store.createBatch(aBatch(`batch_${index}`)));
    const [, ...outcomes] = await Promise.all([store.close(), ...calls]);
    assert.equal(outcomes.length, 100);
    await inStore(async (next) => assert.equal((await next.openBatches()).length, 100));
  });
});
