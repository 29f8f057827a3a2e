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
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? Number.NaN);
  if (declared > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limitBytes) {
        request.pause();
        reject(new BodyTooLarge(limitBytes));
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    request.on("close", () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}
