/** A part of a file: from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a `Range` header asks for of so many bytes (RFC 9110 §14.2). `undefined` is everything: no header, or one that is to be ignored
 * (several ranges, another unit, no sense). `null` is a range that lies behind the end.
 */
export function byteRange(header: string | undefined, bytes: number): ByteRange | undefined | null {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") return Number(to) === 0 ? null : { start: Math.max(0, bytes - Number(to)), end: bytes };
  const start = Number(from);
  const end = to === "" ? bytes : Math.min(bytes, Number(to) + 1);
  if (to !== "" && Number(to) < start) return undefined;
  return start >= bytes ? null : { start, end };
}
