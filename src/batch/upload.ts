import type { Blobs, BlobWriter } from "../store/blobs.ts";
import { BatchError } from "./batch-error.ts";
import { newFileId } from "./ids.ts";

/** The bytes of a file on their way to disk. Its record comes when they are all there: until then nobody can see it. */
export class Upload {
  readonly id: string;
  bytes = 0;
  readonly #writer: BlobWriter;
  readonly #mostBytes: number;

  private constructor(id: string, writer: BlobWriter, mostBytes: number) {
    this.id = id;
    this.#writer = writer;
    this.#mostBytes = mostBytes;
  }

  static async begin(blobs: Blobs, mostBytes: number): Promise<Upload> {
    const id = newFileId();
    return new Upload(id, await blobs.create(id), mostBytes);
  }

  /** @returns when more can be taken. Rejects with a {@link BatchError} 413 when it becomes too much, or as the store does. */
  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.length;
    if (this.bytes > this.#mostBytes) throw fileTooLarge(this.#mostBytes);
    await this.#writer.write(chunk);
  }

  async commit(): Promise<void> {
    await this.#writer.commit();
  }

  /** No effect after {@link commit}. */
  async discard(): Promise<void> {
    await this.#writer.discard();
  }
}

export function fileTooLarge(limitBytes: number): BatchError {
  const message = `the file is larger than ${limitBytes} bytes; split it, or raise batches.maxInputBytes or batches.maxFileBytes`;
  return new BatchError(413, "file_too_large", message, "file");
}
