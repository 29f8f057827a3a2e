import { createHash } from "node:crypto";
import type { Clock, PlaceInLine } from "../gate/index.ts";
import type { Visit } from "./visit.ts";

/** Longer than the SDKs wait between two attempts, and than what a `Retry-After` asks for. */
const KEPT_MS = 120_000;
/** A storm of clients that never come again must not fill the memory. */
const MAX_KEPT = 10_000;
/** Of each end of a body: two attempts send the same bytes, and nobody's uploads are read twice for it. */
const HASHED_BYTES = 64 * 1024;

/** A place in the line of one gate. */
export interface KeptPlace extends PlaceInLine {
  readonly gate: string;
}

interface Entry {
  readonly place: KeptPlace;
  readonly until: number;
}

/**
 * The places of requests that left the line, or failed, without an answer. A retry that comes soon has its old place again, so that
 * a client with little patience is not sent to the end each time, and gains nothing by it either.
 *
 * Each place is given once. Nothing is kept over a restart.
 */
export class Retries {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #kept = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keep(key: string, place: KeptPlace): void {
    const now = this.#clock.now();
    this.#kept.delete(key);
    this.#kept.set(key, { place, until: now + KEPT_MS });
    for (const [oldest, { until }] of this.#kept) {
      if (until > now && this.#kept.size <= MAX_KEPT) return;
      this.#kept.delete(oldest);
    }
  }

  /** The place kept under `key` at `gate`, which is given away by this. */
  take(key: string, gate: string): KeptPlace | undefined {
    const entry = this.#kept.get(key);
    if (entry?.place.gate !== gate) return undefined;
    this.#kept.delete(key);
    return entry.until > this.#clock.now() ? entry.place : undefined;
  }
}

/** How the attempts of one request are known, if its client lets them be known. */
export interface RetryKey {
  readonly key: string;
  /** Whether this may be another attempt of an earlier request. */
  readonly mayRepeat: boolean;
}

/**
 * By its `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header); else, of the OpenAI and Anthropic SDKs, which count
 * their attempts in `X-Stainless-Retry-Count`, by the bytes that they send again. Never the same for two clients with keys of
 * their own.
 */
export function retryKey({ request: { headers }, identity, path }: Visit, body: Uint8Array): RetryKey | undefined {
  const named = headers["idempotency-key"];
  const attempts = headers["x-stainless-retry-count"];
  if (named === undefined && attempts === undefined) return undefined;
  const hash = createHash("sha256").update(JSON.stringify([identity.client, path, named ?? body.length]));
  if (named === undefined) hash.update(body.subarray(0, HASHED_BYTES)).update(body.subarray(-HASHED_BYTES));
  return { key: hash.digest("base64"), mayRepeat: named !== undefined || Number(attempts) > 0 };
}
