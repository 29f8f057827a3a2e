import { createHash } from "node:crypto";
import { Priority } from "../gate/index.ts";
import { parsePriority } from "../protocol/priority.ts";
import { hasEnded } from "../store/batch-life.ts";
import type { BatchRecord } from "../store/batch-record.ts";
import type { Store } from "../store/store.ts";
import { BatchError, noSuchBatch, noSuchFile } from "./batch-error.ts";
import { batchObject, type BatchObject } from "./batch-object.ts";
import { batchWish, type BatchWish } from "./batch-wish.ts";
import { DAY_SECONDS, type FileDesk } from "./file-desk.ts";
import { newBatchId } from "./ids.ts";
import { listObject, pageQuery, type ListObject, type Query } from "./list-page.ts";

const LIST_LIMITS = { usual: 20, most: 100 };

/** Metadata under this name gives a batch its priority, for clients that cannot set a header. */
const PRIORITY_METADATA = "headgate_priority";

/** How a batch is asked for, besides its body. */
export interface CreateAsk {
  readonly tenant: string;
  readonly body: unknown;
  readonly idempotencyKey?: string | undefined;
  /** By header, path or key. A batch never goes before other background. */
  readonly priority?: number | undefined;
}

export type BatchChange = "created" | "cancelled" | "paused" | "unpaused";

export interface BatchDeskMeans {
  readonly store: Store;
  readonly files: FileDesk;
  /** Unix seconds. */
  readonly now: () => number;
  /** Called after a batch was created, cancelled, paused or not: there may be something to do. */
  readonly onChange: (batch: BatchRecord, what: BatchChange) => void;
}

/** The batches of `/v1/batches`. Everything is asked for by a tenant, and what belongs to another is not there. */
export class BatchDesk {
  readonly #means: BatchDeskMeans;

  constructor(means: BatchDeskMeans) {
    this.#means = means;
  }

  /** Answers once the batch is on stable storage. Its input is checked later: what is wrong with that, the batch itself says. */
  async create(ask: CreateAsk): Promise<BatchObject> {
    const { tenant, body, idempotencyKey } = ask;
    const { store, now, onChange } = this.#means;
    const wish = batchWish(body);
    const file = await this.#inputFile(tenant, wish.inputFileId);
    const createdAt = now();
    const id = newBatchId();
    const { windowSeconds, ...given } = wish;
    const batch = {
      ...given,
      id,
      tenant,
      inputBlob: file.blob,
      priority: priorityOf(wish, ask.priority),
      createdAt,
      expiresAt: createdAt + windowSeconds,
    };
    const known = idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprint(wish) };
    const created = await store.createBatch(batch, known && { ...known, until: createdAt + DAY_SECONDS });
    if (created.id === id) onChange(created, "created");
    return batchObject(created);
  }

  async list(tenant: string, query: Query): Promise<ListObject<BatchObject>> {
    const page = { ...pageQuery(query, LIST_LIMITS), order: "desc" as const };
    return listObject(await this.#means.store.batches(tenant, page), batchObject);
  }

  async show(tenant: string, id: string): Promise<BatchObject> {
    return batchObject(await this.#find(tenant, id));
  }

  /** Nothing more of it starts. Cancelling again changes nothing; what ended otherwise cannot be cancelled (409). */
  async cancel(tenant: string, id: string): Promise<BatchObject> {
    const { store, now, onChange } = this.#means;
    const batch = await this.#find(tenant, id);
    if (batch.status === "cancelled" || batch.status === "cancelling") return batchObject(batch);
    const ended = hasEnded(batch) ? batch : await store.end(id, "cancelled", now());
    if (ended?.ending !== "cancelled") {
      const { status } = ended ?? batch;
      throw new BatchError(409, "batch_not_cancellable", `Cannot cancel a batch with status '${status}'.`);
    }
    onChange(ended, "cancelled");
    return batchObject(ended);
  }

  /** `anyTenant` for whoever may act on everybody's. */
  async pause(
    id: string,
    paused: boolean,
    who: { readonly tenant: string; readonly anyTenant: boolean },
  ): Promise<BatchObject> {
    const { store, onChange } = this.#means;
    const open = who.anyTenant ? (await store.openBatches()).find((batch) => batch.id === id) : undefined;
    const batch = await store.setPaused(open?.tenant ?? who.tenant, id, paused);
    if (batch === undefined) throw noSuchBatch(id);
    if (hasEnded(batch)) throw new BatchError(409, "batch_ended", `The batch has ended already, as '${batch.status}'.`);
    onChange(batch, paused ? "paused" : "unpaused");
    return batchObject(batch);
  }

  async #find(tenant: string, id: string): Promise<BatchRecord> {
    const batch = await this.#means.store.batch(tenant, id);
    if (batch === undefined) throw noSuchBatch(id);
    return batch;
  }

  async #inputFile(tenant: string, id: string): Promise<{ readonly blob: string }> {
    const file = await this.#means.files.find(tenant, id).catch((error: unknown) => {
      throw error instanceof BatchError ? noSuchFile(id, "input_file_id") : error;
    });
    if (file.purpose === "batch") return file;
    const message = `file ${id} was uploaded for ${file.purpose}; upload it with purpose batch`;
    throw new BatchError(400, "invalid_file_purpose", message, "input_file_id");
  }
}

function priorityOf({ metadata }: BatchWish, asked: number | undefined): number {
  const parsed = parsePriority(metadata?.[PRIORITY_METADATA] ?? "");
  const wished = "priority" in parsed ? parsed.priority : asked;
  return Math.max(Priority.BACKGROUND, wished ?? Priority.BACKGROUND);
}

function fingerprint(wish: BatchWish): string {
  return createHash("sha256").update(JSON.stringify(wish)).digest("hex");
}
