import type { Clock } from "../gate/index.ts";
import { SilenceLimit } from "../relay/silence-limit.ts";
import { ClientGone } from "./client-gone.ts";
import type { ClientRequest } from "./visit.ts";

/** The body is larger than the gateway takes. The rest of it is not read. */
export class BodyTooLarge extends Error {
  readonly code = "body_too_large";
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`the request body is larger than ${limitBytes} bytes; raise limits.bodyBytes, or send less`);
    this.name = "BodyTooLarge";
    this.limitBytes = limitBytes;
  }
}

/** Far longer than any connection pauses that is still there. */
const MAX_SILENCE_MS = 60_000;

/** The client stopped sending in the middle of its body, and stayed. */
export class BodyStalled extends Error {
  readonly code = "body_stalled";

  constructor() {
    super(`nothing more of the request body came for ${MAX_SILENCE_MS / 1000} s; send it again`);
    this.name = "BodyStalled";
  }
}

/**
 * The whole body of a request, at most `limitBytes`.
 *
 * @returns the bytes. Rejects with {@link BodyTooLarge} as soon as it is known, {@link BodyStalled} when nothing comes for long, or
 *   {@link ClientGone} when the client leaves before the end; a body that is shorter than its Content-Length is no body.
 */
export async function readBody(request: ClientRequest, limitBytes: number, clock: Clock): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? Number.NaN);
  if (declared > limitBytes) throw new BodyTooLarge(limitBytes);
  let chunks: Uint8Array[] = [];
  let size = 0;
  // Resolves without a value: the listeners below stay with the request while it waits, and would keep the body through it.
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const silence = new SilenceLimit(clock, MAX_SILENCE_MS, () => reject(new BodyStalled()));
  const keep = (chunk: Uint8Array): void => {
    silence.heard();
    size += chunk.length;
    chunks.push(chunk);
    if (size <= limitBytes) return;
    request.off("data", keep);
    request.pause();
    reject(new BodyTooLarge(limitBytes));
  };
  request.on("data", keep);
  request.on("end", resolve);
  request.on("close", () => {
    if (!request.complete) reject(new ClientGone());
  });
  try {
    await promise;
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  } finally {
    silence.end();
    chunks = [];
  }
}
