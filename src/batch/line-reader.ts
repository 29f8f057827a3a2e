import type { Blobs } from "../store/blobs.ts";

/** Hundreds of usual lines. To open and read a file for each of them costs more than all else that is done for it. */
const BLOCK_BYTES = 256 * 1024;
/** Lines of one group may lie far apart, and more than one batch may run. */
const MOST_BLOCKS = 8;

interface Block {
  readonly blob: string;
  readonly offset: number;
  readonly bytes: Promise<Buffer>;
}

/** Reads lines of input files, and what follows them ahead: lines are mostly asked for in their order. Blobs never change. */
export class LineReader {
  readonly #blobs: Blobs;
  /** The one that was made last is last. */
  #blocks: readonly Block[] = [];

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  async read(blob: string, offset: number, length: number): Promise<Buffer> {
    if (length > BLOCK_BYTES) return this.#blobs.slice(blob, offset, length);
    const holds = (block: Block): boolean =>
      block.blob === blob && block.offset <= offset && offset + length <= block.offset + BLOCK_BYTES;
    const block = this.#blocks.find(holds) ?? this.#load(blob, offset);
    const start = offset - block.offset;
    return (await block.bytes).subarray(start, start + length);
  }

  #load(blob: string, offset: number): Block {
    const block = { blob, offset, bytes: this.#blobs.slice(blob, offset, BLOCK_BYTES) };
    this.#blocks = [...this.#blocks.slice(1 - MOST_BLOCKS), block];
    // What could not be read is tried again by the next who wants it.
    block.bytes.catch(() => {
      this.#blocks = this.#blocks.filter((other) => other !== block);
    });
    return block;
  }
}
