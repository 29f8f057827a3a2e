import { join } from "node:path";
import type { ClaimedLine, Settlement } from "../../src/store/line-record.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { now } from "../gateway/clock.ts";
import { JSON_ANSWER } from "../gateway/requests.ts";
import { ENDPOINT } from "./input.ts";
import { withFolder } from "./scene.ts";

const ID = "batch_bench";
const NO_USAGE = { input: 9, cached: 0, output: 0, reasoning: 0 };

/**
 * Lines a second that the store alone takes, with so many calls under way: each records one answer and claims the next line, which is
 * what the runner asks of it.
 */
export function storeRate(lines: number, atOnce: number): Promise<number> {
  return withFolder(async (folder) => {
    const store = new SqliteStore({ directory: join(folder, "data") });
    try {
      await fill(store, lines);
      const { claimed } = await store.settle([], { limit: atOnce, nowMs: 0 });
      const startedAt = now();
      await Promise.all(claimed.map((line) => oneAfterAnother(store, line)));
      return (lines * 1000) / (now() - startedAt);
    } finally {
      await store.close();
    }
  });
}

async function fill(store: SqliteStore, lines: number): Promise<void> {
  await store.createBatch({
    id: ID,
    tenant: "",
    endpoint: ENDPOINT,
    inputFileId: "file-bench",
    inputBlob: "bench",
    completionWindow: "24h",
    metadata: null,
    outputExpiresAfter: null,
    priority: 100,
    createdAt: 0,
    expiresAt: 86_400,
  });
  const all = Array.from({ length: lines }, (_, n) => ({ n, customId: `line-${n}`, offset: 0, length: 1, group: 0 }));
  await store.addLines(ID, all);
  await store.start(ID, { total: lines, model: null, now: 0 });
}

async function oneAfterAnother(store: SqliteStore, first: ClaimedLine): Promise<void> {
  for (let line: ClaimedLine | undefined = first; line !== undefined;) {
    const { claimed } = await store.settle([answered(line)], { limit: 1, nowMs: 0 });
    line = claimed[0];
  }
}

function answered({ batchId, n, attempt }: ClaimedLine): Settlement {
  const body = JSON_ANSWER.toString();
  const result = { kind: "answered", statusCode: 200, requestId: `req_${n}`, body, usage: NO_USAGE } as const;
  return { batchId, n, attempt, result };
}
