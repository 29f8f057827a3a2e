import { setImmediate as nextTurn } from "node:timers/promises";
import type { Asking, LineAnswer, LineRequest } from "../../src/batch/ask.ts";
import type { BatchLimits } from "../../src/batch/batch-limits.ts";
import type { BatchObject } from "../../src/batch/batch-object.ts";
import { BatchService } from "../../src/batch/batch-service.ts";
import type { Store } from "../../src/store/store.ts";
import { MemoryBlobs } from "../../src/testing/memory-blobs.ts";
import { emptyMemoryData, MemoryStore, type MemoryData } from "../../src/testing/memory-store.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Far more turns than anything takes that waits for no time. */
const TURNS = 300;
const START = Date.UTC(2026, 0, 1);

export type Answerer = (request: LineRequest) => LineAnswer | "never";

export interface SceneOptions {
  readonly data?: MemoryData;
  readonly blobs?: MemoryBlobs;
  readonly limits?: Partial<BatchLimits>;
  /** Puts something between the service and its store. */
  readonly between?: (store: Store) => Store;
}

/** A service on a store in memory, whose time moves only when told to, and whose model server is a function. */
export class ServiceScene implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly data: MemoryData;
  readonly blobs: MemoryBlobs;
  readonly service: BatchService;
  /** Every line that was sent, in that order. */
  readonly asked: string[] = [];
  readonly told: string[] = [];
  /** What the wall clock is ahead of the other one. */
  wallAheadMs = 0;
  answer: Answerer = () => ok();

  constructor({
    data = emptyMemoryData(),
    blobs = new MemoryBlobs(),
    limits,
    between = (store) => store,
  }: SceneOptions = {}) {
    this.data = data;
    this.blobs = blobs;
    const all = {
      maxInputBytes: 1e9,
      maxFileBytes: 1e9,
      maxLines: 1e6,
      maxLineBytes: 1e6,
      maxAttempts: 20,
      retentionDays: 30,
    };
    this.service = new BatchService({
      store: between(new MemoryStore(data)),
      blobs,
      limits: () => ({ ...all, oneModel: false, ...limits }),
      ask: (request) => this.#ask(request),
      capacity: () => 1,
      clock: this.clock,
      wallNow: () => START + this.clock.now() + this.wallAheadMs,
      observer: {
        ended: (batch) => void this.told.push(batch.status),
        trouble: (error) => void this.told.push((error as { code?: string }).code ?? String(error)),
        well: () => void this.told.push("well"),
      },
    });
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }

  /** Lets time pass, and everything happen in it. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      for (let turn = 0; turn < 20; turn++) await nextTurn();
    }
    await this.settle();
  }

  async submit(lines: number, completionWindow = "24h"): Promise<string> {
    const upload = await this.service.files.beginUpload();
    const url = "/v1/chat/completions";
    for (let n = 0; n < lines; n++) {
      const line = { custom_id: `line-${n}`, method: "POST", url, body: { model: "m", n } };
      await upload.write(Buffer.from(`${JSON.stringify(line)}\n`));
    }
    const wish = { filename: "in.jsonl", purpose: "batch", expiresAfter: undefined };
    const { id } = await this.service.files.add("", upload, wish);
    const body = { input_file_id: id, endpoint: url, completion_window: completionWindow };
    return (await this.service.batches.create({ tenant: "", body })).id;
  }

  show(id: string): Promise<BatchObject> {
    return this.service.batches.show("", id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.close();
  }

  #ask(request: LineRequest): Asking {
    this.asked.push(String((JSON.parse(Buffer.from(request.body).toString()) as { n: number }).n));
    const answer = this.answer(request);
    const { promise, resolve } = Promise.withResolvers<LineAnswer>();
    if (answer !== "never") resolve(answer);
    return { answer: promise, running: true, callOff: () => resolve({ kind: "calledOff" }) };
  }
}

export function ok(): LineAnswer {
  return status(200);
}

export function status(code: number, retryAfterMs?: number): LineAnswer {
  return { kind: "answered", status: code, body: Buffer.from(`{"status":${code}}`), retryAfterMs };
}
