import type { IncomingMessage } from "node:http";
import { ClientGone } from "./client-gone.ts";

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

/**
 * The whole body of a request, at most `limitBytes`.
 *
 * @returns the bytes. Rejects with {@link BodyTooLarge} as soon as it is known, or {@link ClientGone} when the client leaves
 *   before the end; a body that is shorter than its Content-Length is no body.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? Number.NaN);
  if (declared > limitBytes) throw new BodyTooLarge(limitBytes);
  let chunks: Uint8Array[] = [];
  let size = 0;
  // Resolves without a value: the listeners below stay with the request while it waits, and would keep the body through it.
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const keep = (chunk: Uint8Array): void => {
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
    chunks = [];
  }
}
