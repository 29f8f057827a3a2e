import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { KeyConfig } from "./config/types.ts";

/** Who sends a request, as far as Headgate is concerned. */
export interface Identity {
  /** The key's name; "local" where no keys are configured. */
  readonly client: string;
  readonly role: "user" | "admin";
  readonly priority: number | undefined;
  readonly ceiling: number | undefined;
  readonly maxWaitMs: number | undefined;
}

/** Without keys everybody who reaches the gateway is this, whatever Authorization they send. */
const LOCAL: Identity = {
  client: "local",
  role: "admin",
  priority: undefined,
  ceiling: undefined,
  maxWaitMs: undefined,
};

/**
 * The keys of a gateway. Only digests are kept and compared, all of them for every request, so the time says nothing about
 * which key is near (https://nodejs.org/api/crypto.html#cryptotimingsafeequala-b).
 */
export class Keys {
  readonly #known: readonly { readonly digest: Buffer; readonly identity: Identity }[];

  constructor(keys: readonly KeyConfig[]) {
    this.#known = keys.map(({ key, name, role, priority, ceiling, maxWaitMs }) => ({
      digest: digestOf(key),
      identity: { client: name, role, priority, ceiling, maxWaitMs },
    }));
  }

  /** Whether a request needs a key at all. */
  get required(): boolean {
    return this.#known.length > 0;
  }

  /**
   * Who sent a request with these headers; `undefined`: nobody we know. A client may send several keys, as one does that fills in
   * a token of its own besides the key it was given: the first that is known counts.
   */
  identify(headers: IncomingHttpHeaders): Identity | undefined {
    if (!this.required) return LOCAL;
    let identity: Identity | undefined;
    for (const presented of keysIn(headers)) {
      const digest = digestOf(presented);
      for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) identity ??= known.identity;
    }
    return identity;
  }
}

/** OpenAI clients send a bearer token, Anthropic's x-api-key, Azure's api-key. */
function keysIn(headers: IncomingHttpHeaders): readonly string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? "")?.[1];
  const given = [bearer, headers["x-api-key"], headers["api-key"]];
  return given.filter((key): key is string => typeof key === "string" && key !== "");
}

/** Digests are all of one length, so comparing them tells nothing about the lengths of keys either. */
function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
