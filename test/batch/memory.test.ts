import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BatchLimits } from "../../src/batch/batch-limits.ts";
import { checkInput } from "../../src/batch/input-check.ts";
import { createDataStore } from "../../src/store/data-store.ts";
import { DataFolder } from "../support/data-folder.ts";

const LINES = 5_000;
const LINE_BYTES = 4_096;
/** A fifth of the file: what is kept for a line is its custom_id and its place, never its bytes. */
const MOST_GROWTH_BYTES = (LINES * LINE_BYTES) / 5;

const LIMITS: BatchLimits = {
  maxInputBytes: 1e9,
  maxFileBytes: 1e9,
  maxLines: 50_000,
  maxLineBytes: 1e6,
  maxAttempts: 3,
  retentionDays: 30,
  oneModel: false,
};

describe("checking a large input", () => {
  it("keeps no more of it in memory than one line and a few hundred places", async () => {
    await using folder = await DataFolder.make();
    const { store, blobs } = createDataStore({ directory: folder.path });
    const writer = await blobs.create("input");
    for (let n = 0; n < LINES; n++) {
      const head = `{"custom_id":"line-${n}","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"`;
      await writer.write(Buffer.from(`${head}${"x".repeat(LINE_BYTES - head.length - 4)}"}}\n`));
    }
    await writer.commit();
    const batch = await store.createBatch({
      id: "batch_a",
      tenant: "",
      endpoint: "/v1/completions",
      inputFileId: "file-a",
      inputBlob: "input",
      completionWindow: "24h",
      metadata: null,
      outputExpiresAfter: null,
      priority: 100,
      createdAt: 1,
      expiresAt: 1e6,
    });
    let highest = 0;
    const measuring = new Proxy(store, {
      get(target, name: keyof typeof store) {
        const method = target[name].bind(target) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          globalThis.gc?.();
          const { heapUsed, arrayBuffers } = process.memoryUsage();
          highest = Math.max(highest, heapUsed + arrayBuffers);
          return method(...args);
        };
      },
    });
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const { signal } = new AbortController();
    const checked = await checkInput(batch, { store: measuring, blobs, limits: LIMITS, now: () => 2, signal });
    await store.close();
    assert.equal(checked.total, LINES);
    assert.ok(highest - heapUsed - arrayBuffers < MOST_GROWTH_BYTES, `${highest - heapUsed - arrayBuffers} bytes`);
  });
});
