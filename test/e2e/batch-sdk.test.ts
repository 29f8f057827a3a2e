import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import type { BatchObject } from "../../src/batch/batch-object.ts";
import type { FileObject } from "../../src/batch/file-object.ts";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway } from "../support/gateway.ts";
import { chatLines } from "./batch-job.ts";

/** With every member there, null where there is nothing. */
type Explicit<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> | null };

// Whatever the SDK's types name and we leave out, or give another type, does not compile.
type Same = [
  BatchObject extends Explicit<Omit<OpenAI.Batch, "errors">> ? true : false,
  FileObject extends Explicit<Omit<OpenAI.FileObject, "purpose">> ? true : false,
];
const same: Same = [true, true];

function clientOf(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

async function submitted(openai: OpenAI, lines: number): Promise<OpenAI.Batch> {
  const file = await openai.files.create({
    file: await toFile(Buffer.from(chatLines(lines)), "in.jsonl"),
    purpose: "batch",
  });
  return openai.batches.create({
    input_file_id: file.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    metadata: { job: "test" },
  });
}

async function ended(openai: OpenAI, { id }: OpenAI.Batch): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (["completed", "failed", "expired", "cancelled"].includes(batch.status)) return batch;
    await pause(10);
  }
}

describe("batches with the openai SDK", () => {
  it("shows files and batches as the SDK's types have them", () => {
    assert.deepEqual(same, [true, true]);
  });

  it("a batch is uploaded, created, run to its end and downloaded, in input order", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const openai = clientOf(gateway.url);
    const created = await submitted(openai, 25);
    assert.equal(created.status, "validating");
    assert.deepEqual(created.request_counts, { total: 0, completed: 0, failed: 0 });
    const batch = await ended(openai, created);
    assert.equal(batch.status, "completed");
    assert.deepEqual(batch.request_counts, { total: 25, completed: 25, failed: 0 });
    assert.equal(batch.error_file_id, null);
    assert.equal(batch.usage?.output_tokens, 100);
    const text = await (await openai.files.content(batch.output_file_id!)).text();
    const ids = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
    assert.deepEqual(
      ids,
      Array.from({ length: 25 }, (_, n) => `line-${n}`),
    );
  });

  it("a running batch is cancelled, and what was answered by then is kept", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const openai = clientOf(gateway.url);
    gateway.server.pauseTokens();
    const batch = await submitted(openai, 8);
    while ((await openai.batches.retrieve(batch.id)).status === "validating") await pause(10);
    const cancelling = await openai.batches.cancel(batch.id);
    assert.ok(["cancelling", "cancelled"].includes(cancelling.status));
    const cancelled = await ended(openai, batch);
    assert.equal(cancelled.status, "cancelled");
    assert.equal((await openai.batches.cancel(batch.id)).status, "cancelled");
    const errors = await (await openai.files.content(cancelled.error_file_id!)).text();
    assert.match(errors, /"code":"batch_cancelled"/);
    gateway.server.resumeTokens();
  });

  it("lists of files and batches are paged through to their end, newest first", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const openai = clientOf(gateway.url);
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift((await ended(openai, await submitted(openai, 1))).id);
    const seen: string[] = [];
    for await (const batch of openai.batches.list({ limit: 2 })) seen.push(batch.id);
    assert.deepEqual(seen, made);
    const files: OpenAI.FileObject[] = [];
    for await (const file of openai.files.list({ limit: 3, purpose: "batch" })) files.push(file);
    assert.equal(files.length, 5);
    const deleted = await openai.files.delete(files[0]!.id);
    assert.deepEqual(deleted, { id: files[0]!.id, object: "file", deleted: true });
    await assert.rejects(openai.files.retrieve(files[0]!.id), { status: 404 });
  });
});
