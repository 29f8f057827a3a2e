import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { BlobFileWriter } from "./blob-file-writer.ts";
import type { Blobs, BlobWriter } from "./blobs.ts";
import { MIN_FREE_BYTES } from "./free-space.ts";
import { makeDirectory } from "./sync-directory.ts";
import { BLOB_DIRECTORY, UNFINISHED } from "./unfinished-blobs.ts";

export interface BlobDirectoryOptions {
  /** The data directory; the blobs are in `blobs` below it, made at the first write. */
  readonly directory: string;
  /** Called before every write, and waited for: takes the data directory for this process, and sweeps what was left half-written. */
  readonly own: () => Promise<void>;
  /** @defaultValue 268_435_456 */
  readonly minFreeBytes?: number | undefined;
}

/** Blobs as files of a directory, named as they are. */
export class BlobDirectory implements Blobs {
  readonly #path: string;
  readonly #own: () => Promise<void>;
  readonly #minFreeBytes: number;

  constructor({ directory, own, minFreeBytes = MIN_FREE_BYTES }: BlobDirectoryOptions) {
    this.#path = join(directory, BLOB_DIRECTORY);
    this.#own = own;
    this.#minFreeBytes = minFreeBytes;
  }

  async create(name: string, { owed = false }: { readonly owed?: boolean } = {}): Promise<BlobWriter> {
    const path = this.#pathOf(name);
    await this.#own();
    makeDirectory(this.#path);
    return BlobFileWriter.open(path, owed ? 0 : this.#minFreeBytes);
  }

  async read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const path = this.#pathOf(name);
    if (range !== undefined && range.start >= range.end) {
      await stat(path);
      return Readable.from([]);
    }
    const handle = await open(path);
    const part = range === undefined ? {} : { start: range.start, end: range.end - 1 };
    return handle.createReadStream(part);
  }

  async slice(name: string, offset: number, length: number): Promise<Buffer> {
    await using handle = await open(this.#pathOf(name));
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async list(): Promise<readonly { readonly name: string; readonly ageMs: number }[]> {
    const found: { readonly name: string; readonly ageMs: number }[] = [];
    for (const name of await namesIn(this.#path)) {
      if (name.endsWith(UNFINISHED)) continue;
      const about = await stat(join(this.#path, name)).catch(absent);
      if (about !== undefined) found.push({ name, ageMs: Math.max(0, Date.now() - about.mtimeMs) });
    }
    return found;
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  /** A name cannot lead out of the directory, nor collide with a half-written one. */
  #pathOf(name: string): string {
    if (!/^[\w-]{1,200}$/.test(name)) throw new RangeError(`not a name of a blob: ${JSON.stringify(name)}`);
    return join(this.#path, name);
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(absent)) ?? [];
}

/** What is not there, or was removed a moment ago. */
function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}
