import type { IncomingMessage } from "node:http";
import type { ClientResponse } from "./client-response.ts";

/** What a page may read of an answer besides its body: a browser hides every header that is not named here. */
const READABLE = [
  "Retry-After",
  "x-should-retry",
  "X-Headgate-Request-Id",
  "X-Headgate-Priority",
  "X-Headgate-Queue-Wait-Ms",
  "X-Headgate-Reason",
].join(", ");

/** Browsers ask again for each page and path after this; some of them sooner. */
const MAX_AGE_SECONDS = "600";

/** Headers that let a page of `origin` read an answer, whoever gives it (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export function readableBy(origin: string): string[] {
  return ["Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", READABLE, "Vary", "Origin"];
}

/**
 * Whether a browser asks here on behalf of a page what the page may send. It never shows a key with that, so it must be answered
 * without one (https://fetch.spec.whatwg.org/#cors-preflight-request).
 */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
}

/** Allows what is asked for: the page's origin is welcome, and what it then sends is judged like everybody's. */
export function answerPreflight({ headers }: IncomingMessage, response: ClientResponse): void {
  const asked = headers["access-control-request-headers"];
  const rawHeaders = ["Access-Control-Allow-Methods", headers["access-control-request-method"]!];
  if (asked !== undefined) rawHeaders.push("Access-Control-Allow-Headers", asked);
  // From a page of the internet to a machine at home: https://wicg.github.io/private-network-access.
  if (headers["access-control-request-private-network"] === "true") {
    rawHeaders.push("Access-Control-Allow-Private-Network", "true");
  }
  rawHeaders.push("Access-Control-Max-Age", MAX_AGE_SECONDS);
  response.head({ status: 204, statusText: "No Content", rawHeaders });
  response.end();
}
