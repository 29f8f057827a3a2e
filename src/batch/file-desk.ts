import type { Readable } from "node:stream";
import type { Blobs } from "../store/blobs.ts";
import type { FileRecord } from "../store/file-record.ts";
import type { Store } from "../store/store.ts";
import { noSuchFile } from "./batch-error.ts";
import type { BatchLimits } from "./batch-limits.ts";
import { fileObject, type FileObject } from "./file-object.ts";
import type { FileWish } from "./file-wish.ts";
import { listObject, pageQuery, type ListObject, type Query } from "./list-page.ts";
import { fileTooLarge, Upload } from "./upload.ts";

const LIST_LIMITS = { usual: 10_000, most: 10_000 };
export const DAY_SECONDS = 86_400;

export interface FileDeskMeans {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly limits: () => BatchLimits;
  /** Unix seconds. */
  readonly now: () => number;
}

/** The files of `/v1/files`. Everything is asked for by a tenant, and what belongs to another is not there. */
export class FileDesk {
  readonly #means: FileDeskMeans;

  constructor(means: FileDeskMeans) {
    this.#means = means;
  }

  /** Takes bytes in before anything else is known of the file: a form may say its purpose last. */
  beginUpload(): Promise<Upload> {
    const { maxFileBytes, maxInputBytes } = this.#means.limits();
    return Upload.begin(this.#means.blobs, Math.max(maxFileBytes, maxInputBytes));
  }

  /** Makes a file of an upload whose bytes are all there. On failure nothing is kept of it. */
  async add(tenant: string, upload: Upload, wish: FileWish): Promise<FileObject> {
    const { store, limits, now } = this.#means;
    const { maxInputBytes, maxFileBytes, retentionDays } = limits();
    const forBatch = wish.purpose === "batch";
    const most = forBatch ? maxInputBytes : maxFileBytes;
    if (upload.bytes > most) throw fileTooLarge(most);
    await upload.commit();
    const createdAt = now();
    const lasts = wish.expiresAfter ?? (forBatch ? retentionDays * DAY_SECONDS : undefined);
    const file: FileRecord = {
      id: upload.id,
      tenant,
      filename: wish.filename,
      purpose: wish.purpose,
      bytes: upload.bytes,
      blob: upload.id,
      createdAt,
      expiresAt: lasts === undefined ? null : createdAt + lasts,
    };
    try {
      await store.addFile(file);
    } catch (error) {
      await this.#means.blobs.remove(file.blob).catch(() => {});
      throw error;
    }
    return fileObject(file);
  }

  async list(tenant: string, query: Query): Promise<ListObject<FileObject>> {
    const { purpose } = query;
    const page = { ...pageQuery(query, LIST_LIMITS), ...(typeof purpose === "string" && { purpose }) };
    return listObject(await this.#means.store.files(tenant, page), fileObject);
  }

  async show(tenant: string, id: string): Promise<FileObject> {
    return fileObject(await this.find(tenant, id));
  }

  /** @throws {BatchError} 404, also for one that has expired and was not yet removed. */
  async find(tenant: string, id: string): Promise<FileRecord> {
    const file = await this.#means.store.file(tenant, id);
    if (file === undefined || (file.expiresAt ?? Infinity) <= this.#means.now()) throw noSuchFile(id);
    return file;
  }

  /** The bytes from `start` up to, not including, `end`. */
  read({ blob }: FileRecord, range: { readonly start: number; readonly end: number }): Promise<Readable> {
    return this.#means.blobs.read(blob, range);
  }

  /** A batch that reads the file goes on: its bytes stay until that has ended. */
  async remove(tenant: string, id: string): Promise<{ readonly id: string; readonly object: "file"; deleted: true }> {
    const { store, blobs } = this.#means;
    const { blob } = await this.find(tenant, id);
    if (!(await store.removeFile(tenant, id))) throw noSuchFile(id);
    for (const unused of await store.unusedBlobs([blob])) await blobs.remove(unused);
    return { id, object: "file", deleted: true };
  }
}
