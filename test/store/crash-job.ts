import { randomUUID } from "node:crypto";
import type { BatchRecord } from "../../src/store/batch-record.ts";
import type { Blobs } from "../../src/store/blobs.ts";
import type { FileRecord } from "../../src/store/file-record.ts";
import type { ClaimedLine, LineOutcome, LineResult, Settlement } from "../../src/store/line-record.ts";
import type { Store } from "../../src/store/store.ts";
import { aBatch, aFile, aLine, NO_TOKENS, NOW, settlementOf } from "./samples.ts";

/** What a run of the job tells, as soon as the store has acknowledged it: `n` and how the line ended. */
export type Acknowledged = { readonly n: number; readonly attempt: number; readonly outcome: LineOutcome | "again" };

export interface CrashJob {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly lines: number;
  /** Called between any two writes; where a fault is to strike, it does not come back. */
  readonly step: (name: string) => void;
  readonly tell: (acknowledged: Acknowledged) => void;
}

const ID = "batch_1";
const LANES = 4;
const CHUNK = 50;

/**
 * Takes one batch from wherever the last run left it to its end, as the batch layer does. Every line is answered with something new, so
 * that a result that was overwritten shows.
 */
export async function runJob(job: CrashJob): Promise<BatchRecord> {
  const { store, step } = job;
  let batch = await store.batch("", ID);
  if (batch === undefined) {
    step("before the batch");
    batch = await store.createBatch(aBatch(ID), { key: "k", fingerprint: "f", until: NOW + 9 });
  }
  if (batch.status === "validating") batch = await validate(job);
  if (batch.status === "in_progress") {
    await Promise.all(Array.from({ length: LANES }, () => runLines(job)));
    step("before finalizing");
    batch = await store.finalize(ID, {
      outputFileId: `file-${randomUUID()}`,
      errorFileId: `file-${randomUUID()}`,
      now: NOW,
    });
  }
  return batch.status === "finalizing" ? finish(job, batch) : batch;
}

async function validate({ store, lines, step }: CrashJob): Promise<BatchRecord> {
  for (let first = 0; first < lines; first += CHUNK) {
    step(`before the lines from ${first}`);
    const count = Math.min(CHUNK, lines - first);
    await store.addLines(
      ID,
      Array.from({ length: count }, (_, index) => aLine(first + index, (first + index) % 3)),
    );
  }
  step("before the start");
  return store.start(ID, { total: lines, model: "m", now: NOW });
}

async function runLines({ store, tell }: CrashJob): Promise<void> {
  let settlements: Settlement[] = [];
  let asked: ClaimedLine | undefined;
  for (;;) {
    const { accepted, claimed } = await store.settle(settlements, { limit: 1, nowMs: Date.now() });
    const [settlement] = settlements;
    if (asked !== undefined && settlement !== undefined && accepted[0] === true) {
      const { result } = settlement;
      const ended = result.kind === "answered" || result.kind === "unanswered";
      tell({ n: asked.n, attempt: asked.attempt, outcome: ended ? result : "again" });
    }
    [asked] = claimed;
    if (asked === undefined) return;
    settlements = [settlementOf(asked, resultOf(asked))];
  }
}

/** Some are tried twice, some fail; which ones is the same in every run, what they say is not. */
function resultOf({ n, attempt }: ClaimedLine): Settlement["result"] {
  if (n % 7 === 3 && attempt === 1) return { kind: "retry", retryAt: 0 };
  if (n % 11 === 5) return { kind: "unanswered", code: "refused", message: randomUUID() };
  return {
    kind: "answered",
    statusCode: 200,
    requestId: "r",
    body: `{"said":"${randomUUID()}"}`,
    usage: { ...NO_TOKENS, output: 1 },
  };
}

async function finish(job: CrashJob, batch: BatchRecord): Promise<BatchRecord> {
  const files: FileRecord[] = [];
  for (const which of ["output", "error"] as const) {
    const id = which === "output" ? batch.outputFileId : batch.errorFileId;
    if (id !== null) files.push(aFile(id, { blob: id, bytes: await writeResults(job, id, which) }));
  }
  job.step("before the last step");
  const ended = await job.store.finish(ID, files, NOW);
  job.step("after the last step");
  return ended;
}

async function writeResults({ store, blobs, step }: CrashJob, id: string, which: "output" | "error"): Promise<number> {
  step(`before the ${which} file`);
  const writer = await blobs.create(id, { owed: true });
  step(`with an empty ${which} file`);
  for (let after = -1; ;) {
    const page = await store.results(ID, { which, after, limit: 20 });
    const last = page.at(-1);
    if (last === undefined) break;
    await writer.write(Buffer.from(page.map((result) => `${JSON.stringify(result)}\n`).join("")));
    step(`in the ${which} file behind ${last.n}`);
    after = last.n;
  }
  const bytes = await writer.commit();
  step(`behind the ${which} file`);
  return bytes;
}

/** What the finished files of the job say. */
export async function finishedResults(store: Store, blobs: Blobs): Promise<readonly LineResult[]> {
  const found: LineResult[] = [];
  const batch = await store.batch("", ID);
  for (const id of [batch?.outputFileId, batch?.errorFileId]) {
    const file = typeof id === "string" ? await store.file("", id) : undefined;
    if (file === undefined) continue;
    const text = String(await blobs.slice(file.blob, 0, file.bytes + 1));
    found.push(
      ...text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as LineResult),
    );
  }
  return found;
}
