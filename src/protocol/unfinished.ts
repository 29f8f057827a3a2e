const NOTHING = new Uint8Array(0);
/** Room for most of what is still to come, so that it needs no second move. */
const ROOM_BYTES = 1024;

/**
 * The beginning of something whose end has not come yet.
 *
 * It grows by doubling, so that an event which comes in a thousand chunks is not copied a thousand times. What it gave
 * out stays as it is: a frame may be kept while the stream goes on.
 */
export class Unfinished {
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  /** What is kept. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What is kept and `chunk` behind it, as one array: `chunk` itself when nothing is kept. */
  join(chunk: Uint8Array): Uint8Array {
    if (this.#length === 0) return chunk;
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    return this.#bytes.subarray(0, length);
  }

  /** Keeps the part of `joined`, the last that `join` gave, from `start` on. */
  keep(joined: Uint8Array, start: number): void {
    // Nothing was taken from the front, so no one else looks at these bytes: they may grow where they are.
    if (start === 0 && this.#length > 0) return;
    const rest = joined.subarray(start);
    this.#length = rest.length;
    this.#bytes = rest.length === 0 ? NOTHING : new Uint8Array(Math.max(ROOM_BYTES, 2 * rest.length));
    this.#bytes.set(rest);
  }
}
