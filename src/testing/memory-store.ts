import {
  ending,
  endedAt,
  failed,
  finished,
  hasEnded,
  isValidating,
  pausedOrNot,
  started,
} from "../store/batch-life.ts";
import type { BatchRecord } from "../store/batch-record.ts";
import type { FileRecord } from "../store/file-record.ts";
import type { ClaimedLine } from "../store/line-record.ts";
import { StoreError } from "../store/store-error.ts";
import type { Idempotency, Page, PageQuery, Store } from "../store/store.ts";
import { MemoryBatch } from "./memory-batch.ts";

interface KeyRecord extends Idempotency {
  readonly tenant: string;
  readonly batchId: string;
}

/** What a store holds; outlives the `MemoryStore` on it, as a data directory outlives a process. */
export interface MemoryData {
  readonly files: Map<string, FileRecord>;
  readonly batches: Map<string, MemoryBatch>;
  keys: readonly KeyRecord[];
}

export function emptyMemoryData(): MemoryData {
  return { files: new Map(), batches: new Map(), keys: [] };
}

/** The store without durability: for tests, and the plainest reading of what the port promises. */
export class MemoryStore implements Store {
  readonly #data: MemoryData;
  #closed = false;

  /** On data that an earlier one left behind, claims of then are pending again. */
  constructor(data: MemoryData = emptyMemoryData()) {
    this.#data = data;
    for (const batch of data.batches.values()) batch.releaseClaims();
  }

  addFile(file: FileRecord): Promise<void> {
    return this.#do(() => this.#addFile(file));
  }

  file(tenant: string, id: string): Promise<FileRecord | undefined> {
    return this.#do(() => ofTenant(this.#data.files.get(id), tenant));
  }

  files(tenant: string, query: Parameters<Store["files"]>[1]): Promise<Page<FileRecord>> {
    return this.#do(() => {
      const own = [...this.#data.files.values()].filter((file) => file.tenant === tenant);
      const { purpose } = query;
      return page(own, query, purpose === undefined ? () => true : (file) => file.purpose === purpose);
    });
  }

  removeFile(tenant: string, id: string): Promise<boolean> {
    return this.#do(() => ofTenant(this.#data.files.get(id), tenant) !== undefined && this.#data.files.delete(id));
  }

  removeExpiredFiles(now: number): Promise<number> {
    return this.#do(() => {
      const expired = [...this.#data.files.values()].filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
      for (const { id } of expired) this.#data.files.delete(id);
      return expired.length;
    });
  }

  unusedBlobs(names: readonly string[]): Promise<readonly string[]> {
    return this.#do(() => {
      const used = new Set([...this.#data.files.values()].map(({ blob }) => blob));
      for (const { record } of this.#data.batches.values()) if (!hasEnded(record)) used.add(record.inputBlob);
      return names.filter((name) => !used.has(name));
    });
  }

  createBatch(...[batch, idempotency]: Parameters<Store["createBatch"]>): Promise<BatchRecord> {
    return this.#do(() => {
      const { tenant, createdAt } = batch;
      const data = this.#data;
      if (idempotency !== undefined) {
        data.keys = data.keys.filter(({ until }) => until >= createdAt);
        const earlier = data.keys.find((known) => known.tenant === tenant && known.key === idempotency.key);
        if (earlier?.fingerprint === idempotency.fingerprint) return this.#known(earlier.batchId).record;
        if (earlier !== undefined) {
          throw new StoreError("idempotency_conflict", "this idempotency key was used for another request");
        }
      }
      if (data.batches.has(batch.id)) throw new Error(`there is a batch ${batch.id} already`);
      const made = new MemoryBatch(batch);
      data.batches.set(batch.id, made);
      if (idempotency !== undefined) data.keys = [...data.keys, { ...idempotency, tenant, batchId: batch.id }];
      return made.record;
    });
  }

  batch(tenant: string, id: string): Promise<BatchRecord | undefined> {
    return this.#do(() => ofTenant(this.#data.batches.get(id)?.record, tenant));
  }

  batches(tenant: string, query: PageQuery): Promise<Page<BatchRecord>> {
    return this.#do(() =>
      page(
        this.#records().filter((batch) => batch.tenant === tenant),
        query,
      ),
    );
  }

  openBatches(): Promise<readonly BatchRecord[]> {
    return this.#do(() => byDeadline(this.#records().filter((batch) => !hasEnded(batch))));
  }

  addLines(...[id, lines]: Parameters<Store["addLines"]>): Promise<void> {
    return this.#do(() => this.#known(id).addLines(lines));
  }

  start(...[id, facts]: Parameters<Store["start"]>): Promise<BatchRecord> {
    return this.#step(id, (batch) => started(batch, facts));
  }

  fail(...[id, errors, now]: Parameters<Store["fail"]>): Promise<BatchRecord> {
    return this.#step(id, (batch) => failed(batch, errors, now), true);
  }

  async setPaused(...[tenant, id, paused]: Parameters<Store["setPaused"]>): Promise<BatchRecord | undefined> {
    const found = await this.batch(tenant, id);
    return found && this.#step(id, (batch) => pausedOrNot(batch, paused));
  }

  async end(...[id, how, now]: Parameters<Store["end"]>): Promise<BatchRecord | undefined> {
    const found = await this.#do(() => this.#data.batches.get(id));
    return found && this.#step(id, (batch) => ending(batch, how, now), isValidating(found.record));
  }

  settle(...[settlements, claim]: Parameters<Store["settle"]>): ReturnType<Store["settle"]> {
    return this.#do(() => {
      const { batches } = this.#data;
      const accepted = settlements.map((one) => batches.get(one.batchId)?.settle(one) ?? false);
      const claimed: ClaimedLine[] = [];
      if (claim.limit > 0) for (const batch of batches.values()) batch.makeDue(claim.nowMs);
      for (const { id } of byDeadline(this.#records())) {
        claimed.push(...this.#known(id).claim(claim.limit - claimed.length));
      }
      return { accepted, claimed };
    });
  }

  nextRetryAt(): Promise<number | undefined> {
    return this.#do(() => {
      const times = [...this.#data.batches.values()].flatMap((batch) => batch.retryTimes());
      return times.length === 0 ? undefined : Math.min(...times);
    });
  }

  finalize(...[id, ids]: Parameters<Store["finalize"]>): Promise<BatchRecord> {
    return this.#do(() => {
      const batch = this.#known(id);
      batch.finalize(ids);
      return batch.record;
    });
  }

  results(...[id, query]: Parameters<Store["results"]>): ReturnType<Store["results"]> {
    return this.#do(() => this.#known(id).results(query));
  }

  finish(...[id, files, now]: Parameters<Store["finish"]>): Promise<BatchRecord> {
    return this.#do(() => {
      const batch = this.#known(id);
      if (hasEnded(batch.record)) return batch.record;
      const next = finished(batch.record, now);
      for (const file of files) this.#requireNewFile(file);
      for (const file of files) this.#addFile(file);
      batch.record = next;
      batch.dropLines();
      return batch.record;
    });
  }

  removeEndedBatches(before: number): Promise<number> {
    return this.#do(() => {
      const old = this.#records().filter((batch) => (endedAt(batch) ?? before) < before);
      for (const { id } of old) this.#data.batches.delete(id);
      this.#data.keys = this.#data.keys.filter(({ batchId }) => this.#data.batches.has(batchId));
      return old.length;
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** Every call is over before the next one begins, and is heard of later, as with any other store. */
  async #do<T>(work: () => T): Promise<T> {
    if (this.#closed) throw new StoreError("store_closed", "the store is closed");
    await Promise.resolve();
    return work();
  }

  #step(id: string, step: (batch: BatchRecord) => BatchRecord, dropsLines = false): Promise<BatchRecord> {
    return this.#do(() => {
      const batch = this.#known(id);
      const next = step(batch.record);
      if (dropsLines && next !== batch.record) batch.dropLines();
      batch.record = next;
      return next;
    });
  }

  #known(id: string): MemoryBatch {
    const batch = this.#data.batches.get(id);
    if (batch === undefined) throw new StoreError("unknown_batch", `there is no batch ${id}`);
    return batch;
  }

  #addFile(file: FileRecord): void {
    this.#requireNewFile(file);
    this.#data.files.set(file.id, file);
  }

  #requireNewFile({ id }: FileRecord): void {
    if (this.#data.files.has(id)) throw new Error(`there is a file ${id} already`);
  }

  #records(): BatchRecord[] {
    return [...this.#data.batches.values()].map(({ record }) => record);
  }
}

function ofTenant<T extends { readonly tenant: string }>(record: T | undefined, tenant: string): T | undefined {
  return record?.tenant === tenant ? record : undefined;
}

/** Sorting is stable: of two with the same deadline the elder is first. */
function byDeadline(batches: BatchRecord[]): BatchRecord[] {
  return batches.sort((a, b) => a.expiresAt - b.expiresAt);
}

/** `own` in order of creation. */
function page<T extends { readonly id: string }>(
  own: readonly T[],
  { after, limit, order }: PageQuery,
  wanted: (record: T) => boolean = () => true,
): Page<T> {
  const ordered = order === "asc" ? own : own.toReversed();
  const place = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && place < 0) throw new StoreError("unknown_cursor", `after names nothing here: ${after}`);
  const rest = ordered.slice(place + 1).filter(wanted);
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}
