import { Readable } from "node:stream";
import type { Blobs, BlobWriter } from "../store/blobs.ts";

interface Blob {
  readonly content: Buffer;
  readonly writtenAt: number;
}

/** Blobs without durability, for tests. */
export class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<string, Blob>();

  async create(name: string): Promise<BlobWriter> {
    requireName(name);
    const blobs = this.#blobs;
    const chunks: Uint8Array[] = [];
    let open = true;
    return {
      async write(chunk) {
        if (!open) throw new Error(`this blob is committed or discarded: ${name}`);
        chunks.push(Uint8Array.from(chunk));
      },
      async commit() {
        if (!open) throw new Error(`this blob is committed or discarded: ${name}`);
        open = false;
        const content = Buffer.concat(chunks);
        blobs.set(name, { content, writtenAt: performance.now() });
        return content.length;
      },
      async discard() {
        open = false;
      },
    };
  }

  async read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const { content } = this.#known(name);
    return Readable.from([content.subarray(range?.start ?? 0, range?.end ?? content.length)], { objectMode: false });
  }

  async slice(name: string, offset: number, length: number): Promise<Buffer> {
    return Buffer.from(this.#known(name).content.subarray(offset, offset + length));
  }

  async list(): Promise<readonly { readonly name: string; readonly ageMs: number }[]> {
    const now = performance.now();
    return [...this.#blobs].map(([name, { writtenAt }]) => ({ name, ageMs: now - writtenAt }));
  }

  async remove(name: string): Promise<void> {
    requireName(name);
    this.#blobs.delete(name);
  }

  #known(name: string): Blob {
    requireName(name);
    const blob = this.#blobs.get(name);
    if (blob === undefined) throw Object.assign(new Error(`there is no blob ${name}`), { code: "ENOENT" });
    return blob;
  }
}

function requireName(name: string): void {
  if (!/^[\w-]{1,200}$/.test(name)) throw new RangeError(`not a name of a blob: ${JSON.stringify(name)}`);
}
