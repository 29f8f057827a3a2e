import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { createDataStore } from "../../src/store/data-store.ts";
import { quickDirectory } from "./directories.ts";
import {
  aBatch,
  aFile,
  allResults,
  answered,
  claim,
  linesUpTo,
  NOW,
  placesOf,
  runningBatch,
  settle,
  settlementOf,
} from "./samples.ts";
import { type SmallDisk, smallDisk } from "./small-disk.ts";

const full = { code: "store_full" };

/** A disk of 8 MB; where none can be mounted (that takes root on Linux) the test is skipped, and says so. */
function diskFor(t: TestContext): SmallDisk | undefined {
  const disk = smallDisk(8);
  if (disk === undefined) t.skip("no file system can be mounted here: the full disk was NOT tested");
  return disk;
}

describe("a disk that is nearly full", () => {
  it("takes no new file and no new batch, says how much is free where, and still takes what was promised", async () => {
    const directory = quickDirectory();
    const roomy = createDataStore({ directory, minFreeBytes: 0 }).store;
    await runningBatch(roomy, "batch_1", linesUpTo(1));
    await roomy.close();

    const { store, blobs } = createDataStore({ directory, minFreeBytes: 2 ** 60 });
    const tells = (error: Error & { readonly code?: string }): boolean => {
      assert.equal(error.code, "store_full");
      assert.ok(error.message.includes(directory) && / \d+ MB are free/.test(error.message), error.message);
      return true;
    };
    await assert.rejects(store.addFile(aFile("file-1")), tells);
    await assert.rejects(store.createBatch(aBatch("batch_2")), tells);
    await assert.rejects(blobs.create("a"), tells);
    for (const line of await claim(store, 1)) await settle(store, settlementOf(line, answered()));
    await store.finalize("batch_1", { outputFileId: "file-out", errorFileId: "file-err", now: NOW });
    const writer = await blobs.create("file-out", { owed: true });
    await writer.write(Buffer.from("x"));
    await writer.commit();
    assert.equal((await store.finish("batch_1", [aFile("file-out")], NOW)).status, "completed");
    await store.close();
    rmSync(directory, { recursive: true });
  });
});

describe("a full disk", () => {
  it("refuses a result with store_full, keeps all that was acknowledged, and takes the same result once there is room", async (t) => {
    using disk = diskFor(t);
    if (disk === undefined) return;
    const directory = join(disk.directory, "data");
    const { store } = createDataStore({ directory, minFreeBytes: 0 });
    await runningBatch(store, "batch_1", linesUpTo(400));
    disk.fillUp(1024 * 1024);
    const body = JSON.stringify("x".repeat(20_000));
    const lines = await claim(store, 400);
    const kept: number[] = [];
    const refused: (typeof lines)[number][] = [];
    // Several at once: they share transactions, and the disk may fill up in the middle of one.
    for (let first = 0; first < lines.length; first += 5) {
      await Promise.all(
        lines.slice(first, first + 5).map(async (line) => {
          try {
            assert.deepEqual((await settle(store, settlementOf(line, answered({ body })))).accepted, [true]);
            kept.push(line.n);
          } catch (error) {
            assert.equal((error as { readonly code?: unknown }).code, "store_full", String(error));
            refused.push(line);
          }
        }),
      );
    }
    assert.ok(kept.length > 0 && refused.length > 0, `${kept.length} kept, ${refused.length} refused`);
    assert.equal((await store.batch("", "batch_1"))?.completed, kept.length);
    assert.deepEqual(
      placesOf(await allResults(store, "batch_1", "output")),
      kept.sort((a, b) => a - b),
    );

    disk.makeRoom();
    for (const line of refused.slice(0, 20)) {
      assert.deepEqual((await settle(store, settlementOf(line, answered({ body })))).accepted, [true]);
      kept.push(line.n);
    }
    await store.close();
    const next = createDataStore({ directory, minFreeBytes: 0 }).store;
    assert.deepEqual(
      placesOf(await allResults(next, "batch_1", "output")),
      kept.sort((a, b) => a - b),
    );
    assert.equal((await next.batch("", "batch_1"))?.completed, kept.length);
    await next.close();
    const db = new DatabaseSync(join(directory, "headgate.db"));
    assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
    db.close();
  });

  it("refuses a blob with store_full and leaves nothing of it, and takes it once there is room", async (t) => {
    using disk = diskFor(t);
    if (disk === undefined) return;
    const directory = join(disk.directory, "data");
    const { store, blobs } = createDataStore({ directory, minFreeBytes: 0 });
    await store.addFile(aFile("file-1"));
    disk.fillUp(200_000);
    const writer = await blobs.create("a");
    await assert.rejects(async () => {
      for (let piece = 0; piece < 100; piece++) await writer.write(Buffer.alloc(10_000));
    }, full);
    assert.deepEqual(readdirSync(join(directory, "blobs")), []);
    await writer.discard();
    disk.makeRoom();
    const again = await blobs.create("a");
    for (let piece = 0; piece < 100; piece++) await again.write(Buffer.alloc(10_000));
    assert.equal(await again.commit(), 1_000_000);
    assert.equal((await store.file("", "file-1"))?.id, "file-1");
    await store.close();
  });

  it("refuses to be made a data directory of, and becomes one once there is room", async (t) => {
    using disk = diskFor(t);
    if (disk === undefined) return;
    disk.fillUp();
    const { store, blobs } = createDataStore({ directory: join(disk.directory, "data"), minFreeBytes: 0 });
    await assert.rejects(store.addFile(aFile("file-1")), full);
    await assert.rejects(blobs.create("a"), full);
    disk.makeRoom();
    await store.addFile(aFile("file-1"));
    await store.close();
  });
});
