import { PRIORITY_HEADERS } from "./priority.ts";

/**
 * Fields about one connection, which never pass a proxy (RFC 9110 §7.6.1), and about the framing of a message, which is made anew
 * for the next connection (RFC 9112 §6). Names in `Connection` are dropped as well, whatever they are.
 */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "http2-settings",
];

const NOT_UPSTREAM: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // Names the server that is asked, which is another one now (RFC 9112 §3.2).
  "host",
  // The gateway asks for the body itself, before it has a permit (RFC 9110 §10.1.1).
  "expect",
  // Meant for the proxy (RFC 9110 §11.7.1).
  "proxy-authorization",
  ...PRIORITY_HEADERS,
]);

const NOT_TO_CLIENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  // A proxy's own (RFC 9110 §11.7).
  "proxy-authenticate",
  "proxy-authentication-info",
  // Would send the client past the gate (RFC 7838).
  "alt-svc",
]);

/** Headgate's own: what a client says to it is not for the model server, and nobody else speaks in its name. */
const OWN_PREFIX = "x-headgate-";

/** Says of a name, in lower case, that it must not pass either. */
export type HeaderFilter = (name: string) => boolean;

/**
 * The request headers that go upstream. Lists are flat, name then value; order, case and repeated fields stay.
 *
 * Left out: what belongs to one connection, framing, `Host`, `Expect`, Headgate's own headers with their aliases, and what
 * `alsoDrops` says. The sender adds `Host` and the framing. Keys (`Authorization`, `X-Api-Key`) pass: they are not judged here.
 */
export function requestHeaders(raw: readonly string[], alsoDrops: HeaderFilter = dropsNothing): string[] {
  return passing(raw, NOT_UPSTREAM, alsoDrops);
}

/**
 * The response headers that go to the client, in the same form. Left out: what belongs to one connection, framing, everything in
 * Headgate's name, `Alt-Svc`, and what `alsoDrops` says.
 */
export function responseHeaders(raw: readonly string[], alsoDrops: HeaderFilter = dropsNothing): string[] {
  return passing(raw, NOT_TO_CLIENT, alsoDrops);
}

function dropsNothing(): boolean {
  return false;
}

function passing(raw: readonly string[], dropped: ReadonlySet<string>, alsoDrops: HeaderFilter): string[] {
  const named = connectionOptions(raw);
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!;
    const plain = name.toLowerCase();
    const drops = dropped.has(plain) || plain.startsWith(OWN_PREFIX) || named.has(plain) || alsoDrops(plain);
    if (!drops) kept.push(name, raw[index + 1]!);
  }
  return kept;
}

/** The names listed in every `Connection` field, in lower case. That `close` is among them harms nobody. */
function connectionOptions(raw: readonly string[]): ReadonlySet<string> {
  let options = NO_OPTIONS;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]!.toLowerCase() !== "connection") continue;
    options = options.union(new Set(raw[index + 1]!.split(",").map((option) => option.trim().toLowerCase())));
  }
  return options;
}

const NO_OPTIONS: ReadonlySet<string> = new Set();
