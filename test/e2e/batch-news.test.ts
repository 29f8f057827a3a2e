import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway } from "../support/gateway.ts";
import { chatLines, ended, submit, until } from "./batch-job.ts";

function valueOf(metrics: string, series: string): number {
  const line = metrics.split("\n").find((text) => text.startsWith(`${series} `));
  assert.ok(line, series);
  return Number(line.slice(series.length));
}

describe("what a gateway tells of its batches", () => {
  it("is in the metrics: open ones by status, lines by outcome, what is in flight and how old the oldest is", async () => {
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path } });
    const metrics = async (): Promise<string> => (await gateway.get("/metrics")).text();
    assert.equal(valueOf(await metrics(), "headgate_batch_oldest_open_seconds"), 0);
    gateway.server.pauseTokens();
    gateway.server.fail({ kind: "status", status: 400 });
    const { id } = await submit(gateway, chatLines(5));
    await until(gateway, id, ({ request_counts: { failed } }) => failed === 1);
    await gateway.waiting(3);
    const running = await metrics();
    assert.equal(valueOf(running, 'headgate_batch_open{status="in_progress"}'), 1);
    assert.equal(valueOf(running, "headgate_batch_lines_inflight"), 4);
    gateway.server.resumeTokens();
    await ended(gateway, id);
    const after = await metrics();
    assert.equal(valueOf(after, 'headgate_batch_open{status="in_progress"}'), 0);
    assert.equal(valueOf(after, 'headgate_batch_lines_total{outcome="completed"}'), 4);
    assert.equal(valueOf(after, 'headgate_batch_lines_total{outcome="failed"}'), 1);
    assert.equal(valueOf(after, 'headgate_batch_ended_total{status="completed"}'), 1);
  });

  it("is in the log: when it was created, began and ended, and each of its requests under the line's id", async () => {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    await using data = await DataFolder.make();
    await using gateway = await startGateway({ config: { data: data.path }, log });
    const { id } = await ended(gateway, (await submit(gateway, chatLines(2))).id);
    const told = lines.map((line) => JSON.parse(line) as { msg: string; batch?: string; id?: string; lines?: number });
    const ofBatch = told.filter(({ batch }) => batch === id);
    assert.deepEqual(
      ofBatch.map(({ msg }) => msg),
      ["batch created", "batch started", "batch completed"],
    );
    assert.equal(ofBatch[1]?.lines, 2);
    const requests = told.filter(({ msg }) => msg === "request").map((line) => line.id);
    assert.deepEqual(
      requests,
      [0, 1].map((n) => `batch_req_${id.slice(6)}0000000${n}`),
    );
  });
});
