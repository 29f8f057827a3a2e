import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ServedRequest } from "../../src/testing/index.ts";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway } from "../support/gateway.ts";
import { type Door, ask, chatLine, chatLines, ended, postJson, results, submit, until, upload } from "./batch-job.ts";

const ENDPOINTS = [
  ["/v1/completions", { prompt: "Once" }],
  ["/v1/embeddings", { input: "words" }],
  ["/v1/responses", { input: "Hello" }],
] as const;

function isLine({ isWork }: ServedRequest): boolean {
  return isWork;
}

describe("a batch in the gateway", () => {
  it("makes no file before the first upload", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: join(data.path, "deep") } });
    assert.equal((await ask(gateway, "/v1/batches")).status, 200);
    assert.equal((await ask(gateway, "/v1/files")).status, 200);
    assert.deepEqual(await readdir(data.path), []);
  });

  for (const [endpoint, body] of ENDPOINTS) {
    it(`asks ${endpoint}`, async () => {
      await using data = await DataFolder.make();
      await using gateway = await startGateway({ config: { data: data.path } });
      const line = JSON.stringify({
        custom_id: "a",
        method: "POST",
        url: endpoint,
        body: { model: "simulated", ...body },
      });
      const batch = await ended(gateway, (await submit(gateway, line, { endpoint })).id);
      assert.deepEqual(batch.request_counts, { total: 1, completed: 1, failed: 0 });
      assert.ok(batch.usage.input_tokens > 0);
    });
  }

  it("goes by the gateway's own way: model aliases hold, and its requests are logged as background of its client", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({
      config: { data: data.path },
      upstream: { models: { alias: { nickname: "simulated" } } },
    });
    const batch = await ended(gateway, (await submit(gateway, chatLine(0, { model: "nickname@foreground" }))).id);
    const [result] = await results(gateway, batch.output_file_id);
    assert.equal(result?.response?.status_code, 200);
    const [record] = gateway.ended;
    assert.equal(record?.priority, 100);
    assert.equal(record.client, "local");
    assert.equal(record.id, result.id);
    assert.equal(result.response.request_id, result.id);
  });

  it("may be behind other background, by header or metadata, and never before it", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const { id } = await upload(gateway, chatLine(0));
    const wish = { input_file_id: id, endpoint: "/v1/chat/completions", completion_window: "24h" };
    const made = async (headers: Record<string, string>, more: object = {}): Promise<number> => {
      const response = await postJson(gateway, "/v1/batches", { ...wish, ...more }, headers);
      const batch = (await response.json()) as { id: string; headgate: { priority: number } };
      await ended(gateway, batch.id);
      return batch.headgate.priority;
    };
    assert.equal(await made({}), 100);
    assert.equal(await made({ "x-headgate-priority": "foreground" }), 100);
    assert.equal(await made({ "x-headgate-priority": "150" }), 150);
    assert.equal(await made({}, { metadata: { headgate_priority: "200" } }), 200);
  });

  it("a person's request goes before every line that has not begun", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.pauseTokens();
    const batch = await submit(gateway, chatLines(10));
    await gateway.server.when("started", isLine);
    await gateway.waiting(3);
    const body = { model: "simulated", messages: [{ role: "user", content: "A person" }], max_tokens: 2 };
    const chat = gateway.post("/foreground/v1/chat/completions", body);
    await gateway.waiting(4);
    gateway.server.resumeTokens();
    assert.equal((await chat).status, 200);
    await ended(gateway, batch.id);
    const places = gateway.ended.map(({ priority }) => priority);
    assert.equal(places.indexOf(0), 1);
  });

  it("a wrong line's failure stays its own: refused lines go to the error file with the model server's words", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.fail({ kind: "status", status: 400, body: '{"error":{\n"message":"no such thing"}}' }, { times: 2 });
    const batch = await ended(gateway, (await submit(gateway, chatLines(5))).id);
    assert.equal(batch.status, "completed");
    assert.deepEqual(batch.request_counts, { total: 5, completed: 3, failed: 2 });
    const errors = await results(gateway, batch.error_file_id);
    assert.deepEqual(
      errors.map(({ custom_id: id }) => id),
      ["line-0", "line-1"],
    );
    assert.equal(errors[0]?.error, null);
    assert.deepEqual(errors[0].response?.body, { error: { message: "no such thing" } });
    assert.equal((await results(gateway, batch.output_file_id)).length, 3);
  });

  it("is completed, without an output file, when every line was refused", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.fail({ kind: "status", status: 400 }, { times: Infinity });
    const batch = await ended(gateway, (await submit(gateway, chatLines(3))).id);
    assert.equal(batch.status, "completed");
    assert.equal(batch.output_file_id, null);
    assert.equal((await results(gateway, batch.error_file_id)).length, 3);
  });

  it("a line is asked again after a failure of the server", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.fail({ kind: "status", status: 500 });
    gateway.server.fail({ kind: "close" });
    const batch = await ended(gateway, (await submit(gateway, chatLines(2))).id);
    assert.deepEqual(batch.request_counts, { total: 2, completed: 2, failed: 0 });
  });

  it("stands still while it is paused, and goes on afterwards", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    gateway.server.pauseTokens();
    const { id } = await submit(gateway, chatLines(6));
    await gateway.server.when("started", isLine);
    const paused = await postJson(gateway, `/headgate/batches/${id}/pause`);
    assert.deepEqual(((await paused.json()) as { headgate: unknown }).headgate, { paused: true, priority: 100 });
    gateway.server.resumeTokens();
    await until(gateway, id, ({ request_counts: { completed } }) => completed === 1);
    await gateway.until(() => gateway.gate.held === 0 && gateway.gate.waiting === 0);
    assert.equal((await postJson(gateway, `/headgate/batches/${id}/unpause`)).status, 200);
    assert.equal((await ended(gateway, id)).request_counts.completed, 6);
  });

  it("is expired at its deadline, with what was answered by then and a word for each line that never ran", async () => {
    await using data = await DataFolder.make();
    let ahead = 0;
    await using gateway = await startGateway({ config: { data: data.path }, wallNow: () => Date.now() + ahead });
    gateway.server.pauseTokens();
    const { id } = await submit(gateway, chatLines(4), { completion_window: "1m" });
    const { id: running } = await gateway.server.when("started", isLine);
    await gateway.server.step(10, running);
    await until(gateway, id, ({ request_counts: { completed } }) => completed === 1);
    ahead = 3_600_000;
    // Whatever happens to a batch makes the gateway look at the time.
    const other = await submit(gateway, chatLine(99), { completion_window: "1m" });
    await postJson(gateway, `/v1/batches/${other.id}/cancel`);
    const batch = await ended(gateway, id);
    gateway.server.resumeTokens();
    assert.equal(batch.status, "expired");
    assert.deepEqual(batch.request_counts, { total: 4, completed: 1, failed: 0 });
    assert.equal((await results(gateway, batch.output_file_id)).length, 1);
    const errors = await results(gateway, batch.error_file_id);
    assert.deepEqual(
      errors.map(({ error }) => error?.code),
      Array(3).fill("batch_expired"),
    );
  });

  it("is cancelled while no model server is there", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    await gateway.server.goDown();
    const { id } = await submit(gateway, chatLines(4));
    await until(gateway, id, ({ status }) => status === "in_progress");
    await postJson(gateway, `/v1/batches/${id}/cancel`);
    const batch = await ended(gateway, id);
    assert.equal(batch.status, "cancelled");
    assert.deepEqual(batch.request_counts, { total: 4, completed: 0, failed: 0 });
    assert.equal((await postJson(gateway, `/v1/batches/${id}/cancel`)).status, 200);
  });

  it("cannot be cancelled once it was completed, and the SDK is told not to try again", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const { id } = await ended(gateway, (await submit(gateway, chatLine(0))).id);
    const response = await postJson(gateway, `/v1/batches/${id}/cancel`);
    assert.equal(response.status, 409);
    assert.equal(response.headers.get("x-should-retry"), "false");
  });

  it("goes on with the next gateway on the same data, as if nothing had been", async () => {
    await using data = await DataFolder.make();
    let id = "";
    {
      await using first = await startGateway({ config: { data: data.path } });
      first.server.pauseTokens();
      ({ id } = await submit(first, chatLines(7)));
      const { id: running } = await first.server.when("started", isLine);
      await first.server.step(10, running);
      await until(first, id, ({ request_counts: { completed } }) => completed === 1);
      await first.gateway.shutDown(1_000);
    }
    await using second = await startGateway({ config: { data: data.path } });
    const batch = await ended(second, id);
    assert.deepEqual(batch.request_counts, { total: 7, completed: 7, failed: 0 });
    assert.equal(second.ended.length, 6);
  });

  it("is answered as it was the first time when a client sends it again under the same idempotency key", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const { id } = await upload(gateway, chatLine(0));
    const wish = { input_file_id: id, endpoint: "/v1/chat/completions", completion_window: "24h" };
    const create = async (body: object): Promise<{ status: number; id: string }> => {
      const response = await postJson(gateway, "/v1/batches", body, { "idempotency-key": "once" });
      return { status: response.status, id: ((await response.json()) as { id: string }).id };
    };
    const first = await create(wish);
    assert.deepEqual(await create(wish), first);
    assert.equal((await create({ ...wish, completion_window: "1h" })).status, 409);
    await ended(gateway, first.id);
  });

  it("no other key sees it or its files, and no key is written down with it", async () => {
    await using data = await DataFolder.make();
    const keys = ["alice-secret-key", "bob-secret-key", "admin-secret-key"];
    const [alice, bob, admin] = ["alice", "bob", "admin"].map((name, n) => ({
      name,
      key: keys[n]!,
      role: name === "admin" ? "admin" : "user",
    }));
    await using gateway = await startGateway({ config: { data: data.path, keys: [alice, bob, admin] } });
    const [hers, his, theirs] = keys.map((key) => ({ url: gateway.url, key })) as [Door, Door, Door];
    gateway.server.pauseTokens();
    const { id, input_file_id: fileId } = await submit(hers, chatLines(2));
    for (const path of [`/v1/batches/${id}`, `/v1/files/${fileId}`, `/v1/files/${fileId}/content`]) {
      assert.equal((await ask(his, path)).status, 404);
      assert.equal((await ask({ url: gateway.url }, path)).status, 401);
    }
    assert.equal((await postJson(his, `/v1/batches/${id}/cancel`)).status, 404);
    assert.equal((await ask(his, `/v1/files/${fileId}`, { method: "DELETE" })).status, 404);
    assert.deepEqual(((await (await ask(his, "/v1/batches")).json()) as { data: unknown }).data, []);
    const stolen = { input_file_id: fileId, endpoint: "/v1/chat/completions", completion_window: "24h" };
    assert.equal((await postJson(his, "/v1/batches", stolen)).status, 404);
    assert.equal((await postJson(his, `/headgate/batches/${id}/pause`)).status, 404);
    assert.equal((await postJson(theirs, `/headgate/batches/${id}/pause`)).status, 200);
    assert.equal((await postJson(hers, `/headgate/batches/${id}/unpause`)).status, 200);
    gateway.server.resumeTokens();
    assert.equal((await ended(hers, id)).request_counts.completed, 2);
    assert.equal(gateway.ended.find(({ path }) => path === "/v1/chat/completions")?.client, "alice");
    for (const entry of await readdir(data.path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      for (const key of keys) assert.equal(bytes.includes(key), false, entry.name);
    }
  });
});
