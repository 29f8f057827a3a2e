import fc from "fast-check";

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { ignoreBOM: true });

export function bytesOf(value: string): Uint8Array {
  return utf8.encode(value);
}

export function textOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : text.decode(value);
}

/**
 * `bytes` cut at every offset in `cuts`. As from a socket, parts are Buffers in memory that they share, as others are
 * not.
 */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const offsets = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  return offsets.slice(1).map((end, index) => {
    const part = bytes.slice(offsets[index], end);
    return index % 2 === 0 ? part : Buffer.from(part);
  });
}

/** `parts` laid end to end, in an array of the plain kind. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Any way in which a network may deliver `bytes`. */
export function chunksOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 24 }).map((cuts) => cutAt(bytes, cuts));
}
