import type { NewBatch, TokenSums } from "../../src/store/batch-record.ts";
import type { FileRecord } from "../../src/store/file-record.ts";
import type { ClaimedLine, LineOutcome, NewLine, Settlement } from "../../src/store/line-record.ts";
import type { Settled, Store } from "../../src/store/store.ts";

/** When everything here was made, Unix seconds; and the same moment in milliseconds. */
export const NOW = 1_800_000_000;
export const NOW_MS: number = NOW * 1000;

export const NO_TOKENS: TokenSums = { input: 0, cached: 0, output: 0, reasoning: 0 };

export function aFile(id: string, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    tenant: "",
    filename: "requests.jsonl",
    purpose: "batch",
    bytes: 12,
    blob: `blob-of-${id}`,
    createdAt: NOW,
    expiresAt: null,
    ...changes,
  };
}

export function aBatch(id: string, changes: Partial<NewBatch> = {}): NewBatch {
  return {
    id,
    tenant: "",
    endpoint: "/v1/chat/completions",
    inputFileId: "file-in",
    inputBlob: "blob-in",
    completionWindow: "24h",
    metadata: null,
    outputExpiresAfter: null,
    priority: 100,
    createdAt: NOW,
    expiresAt: NOW + 86_400,
    ...changes,
  };
}

export function aLine(n: number, group = 0): NewLine {
  return { n, customId: `request-${n}`, offset: n * 100, length: 99, group };
}

export function linesUpTo(count: number): NewLine[] {
  return Array.from({ length: count }, (_, n) => aLine(n));
}

export function answered(changes: Partial<Extract<LineOutcome, { readonly kind: "answered" }>> = {}): LineOutcome {
  return { kind: "answered", statusCode: 200, requestId: "req-1", body: '{"ok":true}', usage: NO_TOKENS, ...changes };
}

export const unanswered: LineOutcome = { kind: "unanswered", code: "upstream_unreachable", message: "nobody there" };

/** A batch whose lines run. */
export async function runningBatch(
  store: Store,
  id: string,
  lines: readonly NewLine[],
  changes: Partial<NewBatch> = {},
): Promise<void> {
  await store.createBatch(aBatch(id, changes));
  await store.addLines(id, lines);
  await store.start(id, { total: lines.length, model: "m", now: NOW + 1 });
}

export async function claim(store: Store, limit: number, nowMs: number = NOW_MS): Promise<readonly ClaimedLine[]> {
  return (await store.settle([], { limit, nowMs })).claimed;
}

/** Settles without claiming more. */
export function settle(store: Store, ...settlements: readonly Settlement[]): Promise<Settled> {
  return store.settle(settlements, { limit: 0, nowMs: NOW_MS });
}

export function settlementOf({ batchId, n, attempt }: ClaimedLine, result: Settlement["result"]): Settlement {
  return { batchId, n, attempt, result };
}

export function placesOf(lines: readonly { readonly n: number }[]): readonly number[] {
  return lines.map(({ n }) => n);
}

/** Finalizes with the ids `file-out` and `file-err`. */
export function finalize(store: Store, id: string): ReturnType<Store["finalize"]> {
  return store.finalize(id, { outputFileId: "file-out", errorFileId: "file-err", now: NOW + 50 });
}

export async function allResults(
  store: Store,
  id: string,
  which: "output" | "error",
  limit = 100,
): ReturnType<Store["results"]> {
  const found = [];
  for (let after = -1; ;) {
    const page = await store.results(id, { which, after, limit });
    const last = page.at(-1);
    if (last === undefined) return found;
    found.push(...page);
    after = last.n;
  }
}
