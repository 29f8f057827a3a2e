import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway } from "../support/gateway.ts";

function clientOf(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

function chatLines(count: number): string {
  return Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      custom_id: `line-${n}`,
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "simulated", messages: [{ role: "user", content: `Question ${n}` }], max_tokens: 4 },
    }),
  ).join("\n");
}

describe("batches with the openai SDK", () => {
  it("a batch is uploaded, created, run to its end and downloaded, in input order", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const openai = clientOf(gateway.url);
    const file = await openai.files.create({
      file: await toFile(Buffer.from(chatLines(25)), "in.jsonl"),
      purpose: "batch",
    });
    assert.equal(file.purpose, "batch");
    let batch = await openai.batches.create({
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata: { job: "test" },
    });
    assert.equal(batch.status, "validating");
    while (batch.status !== "completed") {
      await pause(20);
      batch = await openai.batches.retrieve(batch.id);
    }
    assert.deepEqual(batch.request_counts, { total: 25, completed: 25, failed: 0 });
    assert.equal(batch.error_file_id, null);
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
});
