import { randomUUID } from "node:crypto";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A request body that waits for its turn, in memory or on disk. */
export interface StoredBody {
  readonly size: number;
  /** The bytes; read back from disk when they were spooled. */
  bytes(): Promise<Uint8Array>;
  /** Frees the memory or the file. Harmless when repeated. */
  dispose(): void;
}

/**
 * Bounds the memory of all waiting bodies together. What comes on top is written to a private temporary folder, which exists only
 * while it is needed and is readable by this user alone.
 */
export class BodyBudget {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #folder: Promise<string> | null = null;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether `size` more bytes fit into memory. */
  fits(size: number): boolean {
    return this.#usedBytes + size <= this.#limitBytes;
  }

  keep(body: Uint8Array): StoredBody {
    this.#usedBytes += body.length;
    let kept = true;
    return {
      size: body.length,
      bytes: async () => body,
      dispose: () => {
        if (kept) this.#usedBytes -= body.length;
        kept = false;
      },
    };
  }

  /** @throws the file system's error, a full disk above all; nothing is kept then. */
  async spool(body: Uint8Array): Promise<StoredBody> {
    const path = join(await this.#ownFolder(), randomUUID());
    try {
      await using file = await open(path, "wx", 0o600);
      await file.writeFile(body);
    } catch (error) {
      // Somebody may have tidied the folder away: the next body gets a new one.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") this.#folder = null;
      await rm(path, { force: true });
      throw error;
    }
    return {
      size: body.length,
      bytes: () => readFile(path),
      dispose: () => void rm(path, { force: true }).catch(() => {}),
    };
  }

  async #ownFolder(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), "headgate-"));
    try {
      return await this.#folder;
    } catch (error) {
      this.#folder = null;
      throw error;
    }
  }

  /** Removes the folder. To be called when no request is left. */
  async close(): Promise<void> {
    if (this.#folder !== null) await rm(await this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }
}
