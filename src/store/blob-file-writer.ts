import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { BlobWriter } from "./blobs.ts";
import { asStoreFull, requireFreeSpace } from "./free-space.ts";
import { syncDirectory } from "./sync-directory.ts";
import { UNFINISHED } from "./unfinished-blobs.ts";

/** How much is written between two looks at the free space. */
const LOOK_AFTER_BYTES = 16 * 1024 * 1024;

let lastNumber = 0;

/** A blob under another name until it is complete: content synced, then named, then the name synced. */
export class BlobFileWriter implements BlobWriter {
  readonly #path: string;
  readonly #unfinished: string;
  readonly #handle: FileHandle;
  readonly #minFreeBytes: number;
  #length = 0;
  #unlooked = 0;
  #open = true;

  private constructor(path: string, unfinished: string, handle: FileHandle, minFreeBytes: number) {
    this.#path = path;
    this.#unfinished = unfinished;
    this.#handle = handle;
    this.#minFreeBytes = minFreeBytes;
  }

  /** `minFreeBytes` is what has to stay free all the while, 0 for no matter. */
  static async open(path: string, minFreeBytes: number): Promise<BlobFileWriter> {
    requireFreeSpace(dirname(path), minFreeBytes);
    // Numbered, so that two writers of one name do not write into each other; the later commit stays.
    const unfinished = `${path}.${++lastNumber}${UNFINISHED}`;
    try {
      return new BlobFileWriter(path, unfinished, await open(unfinished, "wx", 0o600), minFreeBytes);
    } catch (error) {
      throw asStoreFull(dirname(path), error);
    }
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#orDiscard(async () => {
      this.#unlooked += chunk.length;
      if (this.#unlooked >= LOOK_AFTER_BYTES) {
        this.#unlooked = 0;
        requireFreeSpace(dirname(this.#path), this.#minFreeBytes);
      }
      // writeFile, as a single write may take only a part of it.
      await this.#handle.writeFile(chunk);
      this.#length += chunk.length;
    });
  }

  commit(): Promise<number> {
    return this.#orDiscard(async () => {
      await this.#handle.sync();
      this.#open = false;
      await this.#handle.close();
      await rename(this.#unfinished, this.#path);
      syncDirectory(dirname(this.#path));
      return this.#length;
    });
  }

  async discard(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
    await rm(this.#unfinished, { force: true });
  }

  async #orDiscard<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#open) throw new Error(`this blob is committed or discarded: ${this.#path}`);
    try {
      return await work();
    } catch (error) {
      await this.#abandon();
      throw asStoreFull(dirname(this.#path), error);
    }
  }

  /** The error that led here is the one to be told. */
  async #abandon(): Promise<void> {
    const wasOpen = this.#open;
    this.#open = false;
    if (wasOpen) await this.#handle.close().catch(() => undefined);
    await rm(this.#unfinished, { force: true }).catch(() => undefined);
  }
}
