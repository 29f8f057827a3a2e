import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { FileObject } from "../../src/batch/file-object.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { MemoryBlobs } from "../../src/testing/memory-blobs.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway } from "../support/gateway.ts";
import { answer, ask, chatLine, chatLines, ended, postJson, submit, until, upload, type Door } from "./batch-job.ts";

interface Refusal {
  readonly error: { readonly code: string; readonly param: string | null; readonly type: string };
}

function form(
  fields: readonly (readonly [string, string])[],
  name = "in.jsonl",
  content: string = chatLine(0),
): FormData {
  const body = new FormData();
  // The SDK sends the file first.
  body.set("file", new Blob([content]), name);
  for (const [field, value] of fields) body.set(field, value);
  return body;
}

function send(door: Door, body: FormData): Promise<Response> {
  return ask(door, "/v1/files", { method: "POST", body });
}

async function blobs(path: string): Promise<string[]> {
  return (await readdir(join(path, "blobs")).catch(() => [])).toSorted((a, b) => a.localeCompare(b));
}

describe("/v1/files", () => {
  it("an upload is ready at once, and expires when its owner or the retention says", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const usual = await answer<FileObject>(send(gateway, form([["purpose", "batch"]])));
    assert.equal(usual.status, "processed");
    assert.equal(usual.expires_at, usual.created_at + 2_592_000);
    const soon = form([
      ["purpose", "user_data"],
      ["expires_after[anchor]", "created_at"],
      ["expires_after[seconds]", "3600"],
    ]);
    const short = await answer<FileObject>(send(gateway, soon));
    assert.equal(short.expires_at, short.created_at + 3_600);
    assert.equal((await answer<FileObject>(send(gateway, form([["purpose", "evals"]], "x.bin")))).expires_at, null);
  });

  for (const [what, body, param] of [
    ["no purpose", form([]), "purpose"],
    ["an unknown purpose", form([["purpose", "fun"]]), "purpose"],
    ["a name that is not .jsonl", form([["purpose", "batch"]], "in.json"), "file"],
    [
      "an expiry without an anchor",
      form([
        ["purpose", "batch"],
        ["expires_after[seconds]", "3600"],
      ]),
      "expires_after[anchor]",
    ],
    [
      "too short an expiry",
      form([
        ["purpose", "batch"],
        ["expires_after[anchor]", "created_at"],
        ["expires_after[seconds]", "60"],
      ]),
      "expires_after[seconds]",
    ],
  ] as const) {
    it(`refuses an upload with ${what}, and keeps nothing of it`, async () => {
      await using data = await DataFolder.make();
      await using gateway = await startGateway({ config: { data: data.path } });
      const response = await send(gateway, body);
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as Refusal;
      assert.equal(error.param, param);
      assert.equal(error.type, "invalid_request_error");
      assert.deepEqual(await blobs(data.path), []);
    });
  }

  it("refuses what is no form, or a form without a file", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    assert.equal((await postJson(gateway, "/v1/files", {})).status, 415);
    const empty = new FormData();
    empty.set("purpose", "batch");
    assert.equal((await send(gateway, empty)).status, 400);
    const type = { "content-type": "multipart/form-data" };
    assert.equal((await ask(gateway, "/v1/files", { method: "POST", body: "x", headers: type })).status, 400);
    const broken = { "content-type": "multipart/form-data; boundary=a" };
    assert.equal(
      (await ask(gateway, "/v1/files", { method: "POST", body: "--a\r\nhalf", headers: broken })).status,
      400,
    );
    assert.deepEqual(await blobs(data.path), []);
  });

  it("refuses a file that is larger than its purpose allows, and keeps nothing of it", async () => {
    await using data = await DataFolder.make();
    const batches = { maxInputBytes: 1_000, maxFileBytes: 2_000 };
    await using gateway = await startGateway({ config: { data: data.path, batches } });
    const file = (bytes: number, purpose: string): FormData =>
      form([["purpose", purpose]], "a.jsonl", "x".repeat(bytes));
    assert.equal((await send(gateway, file(1_001, "batch"))).status, 413);
    assert.equal((await send(gateway, file(2_000, "user_data"))).status, 200);
    assert.equal((await send(gateway, file(100_000, "user_data"))).status, 413);
    assert.equal((await blobs(data.path)).length, 1);
  });

  it("keeps nothing of an upload whose client leaves in the middle", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const socket = connect(gateway.port, "127.0.0.1");
    const head = [
      "POST /v1/files HTTP/1.1",
      "Host: localhost",
      "Content-Type: multipart/form-data; boundary=a",
      "Content-Length: 100000",
      "",
      '--a\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\nsome of it',
    ];
    socket.write(head.join("\r\n"));
    while ((await blobs(data.path)).length === 0) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while ((await blobs(data.path)).length > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(((await (await ask(gateway, "/v1/files")).json()) as { data: unknown }).data, []);
  });

  it("gives content as a whole and in parts, and its length without it", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const { id } = await upload(gateway, "0123456789");
    const path = `/v1/files/${id}/content`;
    const get = (headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
      ask(gateway, path, { method, headers });
    const whole = await get({ accept: "application/binary" });
    assert.equal(await whole.text(), "0123456789");
    const tag = whole.headers.get("etag")!;
    const head = await get({}, "HEAD");
    assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "10", ""]);
    for (const [range, status, text] of [
      ["bytes=2-4", 206, "234"],
      ["bytes=7-", 206, "789"],
      ["bytes=-2", 206, "89"],
      ["bytes=5-100", 206, "56789"],
      ["bytes=10-", 416, ""],
      ["bytes=4-2", 200, "0123456789"],
      ["lines=1-2", 200, "0123456789"],
    ] as const) {
      const part = await get({ range });
      assert.deepEqual([part.status, await part.text()], [status, text], range);
    }
    assert.equal((await get({ range: "bytes=2-4", "if-range": tag })).status, 206);
    assert.equal((await get({ range: "bytes=2-4", "if-range": '"other"' })).status, 200);
    assert.equal((await get({ "if-none-match": tag })).status, 304);
    assert.equal((await ask(gateway, "/v1/files/file-none/content")).status, 404);
  });

  it("a deleted input file is gone at once, and its bytes stay for the batch that reads them", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.pauseTokens();
    const { id, input_file_id: fileId } = await submit(gateway, chatLines(5));
    await until(gateway, id, ({ status }) => status === "in_progress");
    assert.equal((await ask(gateway, `/v1/files/${fileId}`, { method: "DELETE" })).status, 200);
    assert.equal((await ask(gateway, `/v1/files/${fileId}`)).status, 404);
    assert.equal((await ask(gateway, `/v1/files/${fileId}`, { method: "DELETE" })).status, 404);
    gateway.server.resumeTokens();
    assert.equal((await ended(gateway, id)).request_counts.completed, 5);
  });

  it("an expired file is gone", async () => {
    await using data = await DataFolder.make();
    let now = Date.now();
    await using gateway = await startGateway({ config: { data: data.path }, wallNow: () => now });
    const { id } = await upload(gateway, chatLine(0));
    now += 2_592_000_000;
    assert.equal((await ask(gateway, `/v1/files/${id}`)).status, 404);
    assert.equal((await ask(gateway, `/v1/files/${id}/content`)).status, 404);
  });

  it("refuses a page that makes no sense, and a cursor that is not in the list", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    await upload(gateway, chatLine(0));
    for (const query of ["limit=0", "limit=10001", "limit=x", "order=up", "after=file-none"]) {
      assert.equal((await ask(gateway, `/v1/files?${query}`)).status, 400, query);
    }
    assert.equal((await ask(gateway, "/v1/batches?limit=101")).status, 400);
  });

  it("is reached by every base URL, and belongs to the model server where batches are off", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    assert.equal((await ask(gateway, "/background/v1/files")).status, 200);
    await using off = await startGateway({ config: { data: data.path, batches: { enabled: false } } });
    assert.equal((await ask(off, "/v1/files")).status, 404);
    assert.equal(off.ended.length, 1);
  });

  it("tells a second gateway on the same data what is the matter, and that one serves everything else", async () => {
    await using data = await DataFolder.make();
    await using first = await startGateway({ config: { data: data.path } });
    await upload(first, chatLine(0));
    await using second = await startGateway({ config: { data: data.path } });
    const response = await ask(second, "/v1/batches");
    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as Refusal).error.code, "store_in_use");
    assert.equal((await second.get("/v1/models")).status, 200);
  });

  it("is answered 507 while the disk is full, and the SDK is told not to try again", async () => {
    const full = new MemoryBlobs();
    full.create = () => Promise.reject(new StoreError("store_full", "no space is left"));
    await using gateway = await startGateway({ batchStore: { store: new MemoryStore(), blobs: full } });
    const response = await send(gateway, form([["purpose", "batch"]]));
    assert.equal(response.status, 507);
    assert.equal(response.headers.get("x-should-retry"), "false");
    assert.equal(((await response.json()) as Refusal).error.code, "store_full");
  });
});
