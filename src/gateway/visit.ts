import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { ClientResponse } from "./client-response.ts";
import type { Identity } from "./keys.ts";
import type { RequestRecord } from "./request-record.ts";

/** What of a request is looked at: its head, and its body as it comes. */
export type ClientRequest = Readable & Pick<IncomingMessage, "method" | "headers" | "rawHeaders" | "complete">;

/** One request inside the gateway, with what its address and its key say. */
export interface Visit {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly record: RequestRecord;
  /** Without Headgate's own prefixes and without the query. */
  readonly path: string;
  /** With its question mark, or "". */
  readonly query: string;
  /** From a path prefix: `/background/…`. */
  readonly prefixPriority: number | undefined;
  /** The held permit that this request rides on: `/permit/ID/…` or `X-Headgate-Permit`. */
  readonly permitId: string | undefined;
  /** From the listener's own setting. */
  readonly listenerPriority: number | undefined;
  readonly identity: Identity;
}
