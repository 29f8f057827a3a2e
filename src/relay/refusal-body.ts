/** Enough for what a server has to say. */
const MAX_BYTES = 64 * 1024;

/** The body of an error answer that does not go to the client as it comes; of a very long one the beginning. */
export class RefusalBody {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  push(chunk: Uint8Array): void {
    if (this.#size >= MAX_BYTES) return;
    this.#size += chunk.length;
    this.#chunks.push(chunk);
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks).subarray(0, MAX_BYTES);
  }
}
