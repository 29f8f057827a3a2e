/** One event of an event stream or one line of an NDJSON stream: what it says, and the very bytes it came in. */
export interface Frame {
  /** All its bytes, line ends and the blank line included. The frames of a stream laid end to end are that stream. */
  readonly raw: Uint8Array;
  /** The payload: the data of an event, the text of a line. `undefined` when there is none: comments, blank lines. */
  readonly data: Uint8Array | undefined;
  /** The name of an event, where it has one. */
  readonly event: string | undefined;
  /** A piece of a frame that is larger than the limit. It was not read, and has no `data`. */
  readonly oversized: boolean;
  /** The bytes of this frame with another payload, everything else as it came. Only for a frame that has `data`. */
  withData(data: Uint8Array): Uint8Array;
}

/**
 * Cuts a stream into frames, however it comes in chunks. It never throws and never changes a byte.
 *
 * A frame larger than the limit is not collected: its bytes come out in pieces as they arrive, marked `oversized`, and
 * reading goes on behind it. So nothing is lost to one who forwards frames, and memory stays bounded.
 */
export interface FrameDecoder {
  /** The frames that `chunk` completes. They may be views of `chunk`. */
  push(chunk: Uint8Array): Frame[];
  /** What is left when no more comes, as a last frame, complete or not. Called once. */
  end(): Frame | undefined;
}

/** 16 MiB: an image in a delta fits, a server gone mad does not. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/** `parts` as one array. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
