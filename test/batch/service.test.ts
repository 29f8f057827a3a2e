import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "../../src/store/store-error.ts";
import type { Store } from "../../src/store/store.ts";
import { ok, ServiceScene, status } from "./service-scene.ts";

const HOUR = 3_600_000;

describe("batches over time", () => {
  it("outlast an hour without a model server: few questions, no attempt counted, and all lines end afterwards", async () => {
    await using scene = new ServiceScene({ limits: { maxAttempts: 2 } });
    scene.answer = () => status(503);
    const id = await scene.submit(200);
    await scene.pass(HOUR);
    assert.ok(scene.asked.length < 400, `${scene.asked.length} questions`);
    assert.deepEqual((await scene.show(id)).request_counts, { total: 200, completed: 0, failed: 0 });
    scene.answer = ok;
    await scene.pass(120_000);
    assert.deepEqual((await scene.show(id)).request_counts, { total: 200, completed: 200, failed: 0 });
  });

  it("wait as long as a server asks for", async () => {
    await using scene = new ServiceScene();
    scene.answer = () => status(429, 300_000);
    await scene.submit(1);
    await scene.pass(299_000);
    assert.equal(scene.asked.length, 1);
    await scene.pass(3_000);
    assert.equal(scene.asked.length, 2);
  });

  it("keep a server's failure at one line after so many attempts, and the other lines never wait for it", async () => {
    await using scene = new ServiceScene({ limits: { maxAttempts: 3 } });
    scene.answer = ({ body }) => (Buffer.from(body).includes('"n":1}') ? status(500) : ok());
    const id = await scene.submit(4);
    await scene.settle();
    assert.equal((await scene.show(id)).request_counts.completed, 3);
    await scene.pass(10_000);
    const batch = await scene.show(id);
    assert.equal(batch.status, "completed");
    assert.deepEqual(batch.request_counts, { total: 4, completed: 3, failed: 1 });
    assert.equal(scene.asked.filter((n) => n === "1").length, 3);
  });

  it("never ask again what was refused", async () => {
    await using scene = new ServiceScene();
    scene.answer = () => status(404);
    const id = await scene.submit(3);
    await scene.pass(HOUR, 60_000);
    assert.equal(scene.asked.length, 3);
    assert.equal((await scene.show(id)).request_counts.failed, 3);
  });

  it("end a line that was in flight whenever the process died, as attempts_exhausted", async () => {
    const first = new ServiceScene();
    first.answer = () => "never";
    const id = await first.submit(1);
    await first.settle();
    for (let death = 0; death < 2; death++) {
      // Whoever comes next finds what a killed process leaves: the claim, and nothing else.
      const next = new ServiceScene({ data: first.data, blobs: first.blobs, limits: { maxAttempts: 3 } });
      next.answer = () => "never";
      await next.service.start();
      await next.settle();
      assert.equal(next.asked.length, 1);
    }
    await using last = new ServiceScene({ data: first.data, blobs: first.blobs, limits: { maxAttempts: 3 } });
    await last.service.start();
    await last.settle();
    assert.equal(last.asked.length, 0);
    const batch = await last.show(id);
    assert.deepEqual(batch.request_counts, { total: 1, completed: 0, failed: 1 });
    const file = await last.service.files.find("", batch.error_file_id!);
    const text = await last.blobs.slice(file.blob, 0, file.bytes);
    assert.match(text.toString(), /"code":"attempts_exhausted"/);
  });

  it("expire at their deadline by the wall clock, also when that is put forward", async () => {
    await using scene = new ServiceScene();
    scene.answer = ({ body }) => (Buffer.from(body).includes('"n":0}') ? ok() : "never");
    const id = await scene.submit(5, "1h");
    await scene.settle();
    scene.wallAheadMs = 2 * HOUR;
    await scene.pass(20_000);
    const batch = await scene.show(id);
    assert.equal(batch.status, "expired");
    assert.deepEqual(batch.request_counts, { total: 5, completed: 1, failed: 0 });
    assert.deepEqual(scene.told, ["expired"]);
  });

  it("go on without a break when the wall clock is put back, also after a restart", async () => {
    const first = new ServiceScene();
    first.answer = () => status(500);
    const id = await first.submit(1);
    await first.settle();
    first.wallAheadMs = -24 * HOUR;
    await first.pass(2_000);
    assert.ok(first.asked.length >= 2);
    await first.service.close();
    await using second = new ServiceScene({ data: first.data, blobs: first.blobs });
    second.wallAheadMs = -24 * HOUR;
    await second.service.start();
    await second.pass(120_000);
    assert.equal((await second.show(id)).request_counts.completed, 1);
  });

  it("lose no answer while the disk is full, take nothing new up meanwhile, and say so once", async () => {
    let isFull = false;
    const between = (store: Store): Store =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          const method = target[name].bind(target) as (...args: unknown[]) => unknown;
          return (...args: unknown[]) => {
            if (isFull && name === "settle") return Promise.reject(new StoreError("store_full", "no space is left"));
            return method(...args);
          };
        },
      });
    await using scene = new ServiceScene({ between });
    const id = await scene.submit(50);
    scene.answer = () => {
      if (scene.asked.length === 10) isFull = true;
      return ok();
    };
    await scene.settle();
    const asked = scene.asked.length;
    await scene.pass(600_000);
    assert.equal(scene.asked.length, asked);
    assert.deepEqual(scene.told, ["store_full"]);
    isFull = false;
    await scene.pass(61_000);
    assert.deepEqual((await scene.show(id)).request_counts, { total: 50, completed: 50, failed: 0 });
    assert.deepEqual(
      scene.asked,
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
    assert.deepEqual(scene.told, ["store_full", "well", "completed"]);
  });

  it("take the nearest deadline first, whatever came first", async () => {
    await using scene = new ServiceScene();
    scene.answer = () => status(503);
    await scene.submit(3, "7d");
    await scene.settle();
    const soon = await scene.submit(3, "1h");
    await scene.settle();
    const order: string[] = [];
    scene.answer = ({ id }) => {
      order.push(id.startsWith(`batch_req_${soon.slice(6)}`) ? "soon" : "late");
      return ok();
    };
    await scene.pass(60_000);
    assert.deepEqual(order, ["soon", "soon", "soon", "late", "late", "late"]);
  });

  it("are forgotten with their files when their time is over, and no bytes stay", async () => {
    await using scene = new ServiceScene({ limits: { retentionDays: 1 } });
    const id = await scene.submit(2);
    await scene.settle();
    assert.equal((await scene.show(id)).status, "completed");
    await scene.pass(25 * HOUR, 15_000_000);
    await assert.rejects(scene.show(id), { code: "not_found" });
    assert.deepEqual((await scene.service.files.list("", {})).data, []);
  });
});
