import type { Readable } from "node:stream";

/** Where a blob is written before it has its name. */
export interface BlobWriter {
  /** Resolves when more can be taken. Rejects with `store_full` where no space is left; then the blob is gone. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes it durable, content and name, and answers how long it is. */
  commit(): Promise<number>;
  /** Drops what was written. No effect after `commit`. */
  discard(): Promise<void>;
}

/**
 * The bytes of files. A blob has its name only once it is complete and on stable storage: content, then name, then directory are synced.
 * It never changes afterwards. What a crash left half-written is swept away when the store is opened again.
 */
export interface Blobs {
  /**
   * `name`: letters, digits, `-` and `_`. Writing a name again replaces it as a whole. A part of the disk is kept free for what was
   * accepted before: only a writer with `owed` (the results of a batch) may use it, any other is refused with `store_full`.
   */
  create(name: string, options?: { readonly owed?: boolean }): Promise<BlobWriter>;
  /** `start` and `end` count bytes, `end` not included. Rejects where there is no such blob. */
  read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** A piece of one, in memory. */
  slice(name: string, offset: number, length: number): Promise<Buffer>;
  /** Names of all, with their age since they were written, in milliseconds. */
  list(): Promise<readonly { readonly name: string; readonly ageMs: number }[]>;
  /** No effect where there is none. */
  remove(name: string): Promise<void>;
}
