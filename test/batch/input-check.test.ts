import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BatchLimits } from "../../src/batch/batch-limits.ts";
import { checkInput } from "../../src/batch/input-check.ts";
import type { BatchRecord } from "../../src/store/batch-record.ts";
import { MemoryBlobs } from "../../src/testing/memory-blobs.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const LIMITS: BatchLimits = {
  maxInputBytes: 1e6,
  maxFileBytes: 1e6,
  maxLines: 20,
  maxLineBytes: 2_000,
  maxAttempts: 3,
  retentionDays: 30,
  oneModel: false,
};

interface Checked {
  readonly batch: BatchRecord;
  readonly store: MemoryStore;
  readonly blobs: MemoryBlobs;
  /** Line and code of each error. */
  readonly faults: readonly (readonly [line: number | null, code: string])[];
}

async function check(
  content: string | Uint8Array,
  changes: Partial<BatchLimits> & { endpoint?: string } = {},
): Promise<Checked> {
  const { endpoint = "/v1/chat/completions", ...limits } = changes;
  const store = new MemoryStore();
  const blobs = new MemoryBlobs();
  const writer = await blobs.create("input");
  await writer.write(typeof content === "string" ? Buffer.from(content) : content);
  await writer.commit();
  const created = await store.createBatch({
    id: "batch_a",
    tenant: "",
    endpoint,
    inputFileId: "file-a",
    inputBlob: "input",
    completionWindow: "24h",
    metadata: null,
    outputExpiresAfter: null,
    priority: 100,
    createdAt: 1,
    expiresAt: 1e6,
  });
  const { signal } = new AbortController();
  const batch = await checkInput(created, { store, blobs, limits: { ...LIMITS, ...limits }, now: () => 2, signal });
  return { batch, store, blobs, faults: batch.errors.map((error) => [error.line, error.code]) };
}

function line(changes: object = {}): string {
  return JSON.stringify({
    custom_id: "a",
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "m" },
    ...changes,
  });
}

/** The bodies of all lines, in the order in which they are taken up. */
async function claimed({ store, blobs }: Checked): Promise<string[]> {
  const { claimed: lines } = await store.settle([], { limit: 100, nowMs: 0 });
  return Promise.all(lines.map(async ({ offset, length }) => String(await blobs.slice("input", offset, length))));
}

describe("checking the input of a batch", () => {
  it("starts a batch whose lines are right, with as many lines and their one model", async () => {
    const { batch } = await check([line(), line({ custom_id: "b" })].join("\n"));
    assert.equal(batch.status, "in_progress");
    assert.equal(batch.total, 2);
    assert.equal(batch.model, "m");
  });

  it("takes a byte order mark, CRLF, blank lines and a missing last line end, and finds each line where it stands", async () => {
    const [a, b, c] = [line(), line({ custom_id: "b" }), line({ custom_id: "ü" })];
    const checked = await check(`\uFEFF${a}\r\n\r\n${b}\n   \n${c}`);
    assert.deepEqual(await claimed(checked), [a, b, c]);
  });

  for (const [what, content, code] of [
    ["no JSON", "{oops", "invalid_json_line"],
    ["a list", "[1]", "invalid_json_line"],
    ["a number", "7", "invalid_json_line"],
    ["a half of a line", line().slice(0, -3), "invalid_json_line"],
    ["no custom_id", line({ custom_id: undefined }), "missing_required_parameter"],
    ["a custom_id of null", line({ custom_id: null }), "missing_required_parameter"],
    ["an empty custom_id", line({ custom_id: "" }), "invalid_custom_id"],
    ["a custom_id that is a number", line({ custom_id: 3 }), "invalid_custom_id"],
    ["no method", line({ method: undefined }), "missing_required_parameter"],
    ["another method", line({ method: "GET" }), "invalid_method"],
    ["another url", line({ url: "/v1/embeddings" }), "url_mismatch"],
    ["no body", line({ body: undefined }), "missing_required_parameter"],
    ["a body that is a list", line({ body: [] }), "invalid_body"],
    ["a body that is a text", line({ body: "{}" }), "invalid_body"],
    ["a model that is no text", line({ body: { model: 4 } }), "invalid_body"],
    ["a stream", line({ body: { model: "m", stream: true } }), "stream_not_supported"],
    ["too long a line", line({ body: { model: "m", text: "x".repeat(2_000) } }), "line_too_long"],
  ] as const) {
    it(`fails a batch with ${what}, and names the line`, async () => {
      const { batch, faults } = await check(`${line({ custom_id: "first" })}\n${content}\n`);
      assert.equal(batch.status, "failed");
      assert.deepEqual(faults, [[2, code]]);
    });
  }

  it("fails a file that is not UTF-8", async () => {
    assert.deepEqual((await check(Buffer.from(line(), "utf16le"))).faults[0]?.[1], "invalid_json_line");
    assert.deepEqual((await check(Buffer.from([0xff, 0xfe, 0x0a]))).faults, [[1, "invalid_json_line"]]);
  });

  it("fails a custom_id that came before, and names the later line", async () => {
    assert.deepEqual((await check(`${line()}\n${line()}`)).faults, [[2, "duplicate_custom_id"]]);
  });

  it("fails a file without a request, be it empty, blank or a byte order mark", async () => {
    for (const content of ["", "\n\n  \r\n", "\uFEFF"]) {
      assert.deepEqual((await check(content)).faults, [[null, "empty_file"]]);
    }
  });

  it("fails more lines than there may be, and more inputs to embed", async () => {
    const lines = Array.from({ length: 21 }, (_, n) => line({ custom_id: String(n) }));
    assert.deepEqual((await check(lines.join("\n"))).faults, [[null, "too_many_tasks"]]);
    assert.equal((await check(lines.slice(1).join("\n"))).batch.status, "in_progress");
    const endpoint = "/v1/embeddings";
    const many = (input: unknown): string => line({ url: endpoint, body: { model: "m", input } });
    assert.deepEqual((await check(many(Array(21).fill("text")), { endpoint })).faults, [[null, "too_many_tasks"]]);
    assert.equal((await check(many(Array(21).fill(5)), { endpoint })).batch.status, "in_progress");
  });

  it("takes several models unless it is told not to", async () => {
    const content = `${line()}\n${line({ custom_id: "b", body: { model: "other" } })}`;
    const { batch } = await check(content);
    assert.equal(batch.status, "in_progress");
    assert.equal(batch.model, null);
    assert.deepEqual((await check(content, { oneModel: true })).faults, [[2, "model_mismatch"]]);
  });

  it("names at most a hundred wrong lines", async () => {
    assert.equal((await check("no\n".repeat(500), { maxLines: 1_000 })).faults.length, 100);
  });

  it("takes lines up model by model, and in a model those together that begin alike", async () => {
    const system = (text: string): object => ({
      messages: [
        { role: "system", content: text },
        { role: "user", content: "?" },
      ],
    });
    const bodies = [
      { model: "a", ...system("one") },
      { model: "b", ...system("one") },
      { model: "a", ...system("two") },
      { model: "a", ...system("one") },
      { model: "b", ...system("one") },
    ];
    const checked = await check(bodies.map((body, n) => line({ custom_id: String(n), body })).join("\n"));
    const order = (await claimed(checked)).map((text) => (JSON.parse(text) as { custom_id: string }).custom_id);
    assert.deepEqual(order, ["0", "3", "2", "1", "4"]);
  });

  it("comes to the same when it is done again after a crash", async () => {
    const { batch, store, blobs } = await check(`${line()}\n${line({ custom_id: "b" })}`);
    const { signal } = new AbortController();
    const again = await checkInput(
      { ...batch, status: "validating" },
      { store, blobs, limits: LIMITS, now: () => 9, signal },
    );
    assert.equal(again.total, 2);
    assert.equal(again.inProgressAt, 2);
  });
});
