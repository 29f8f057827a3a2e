import { parsePriority } from "./priority.ts";

/** What a base URL said beyond the server's address. */
export interface Prefixed {
  /** The path without the prefixes, as it goes upstream. */
  readonly path: string;
  readonly priority?: number;
  /** The id of the held permit that the request rides on. */
  readonly permit?: string;
}

/**
 * Takes the prefixes off a path: `/foreground`, `/background` or `/priority/N`, and `/permit/ID`, in any order, each kind at most
 * once. A base URL is something every client can set, so a prefix reaches where a header does not.
 *
 * What is no such prefix stays: a second one of a kind, a priority that is unknown, an empty id. Only the path is looked at, so
 * what remains may still begin with two slashes, and must not be resolved as a URL.
 */
export function stripPrefixes(pathname: string): Prefixed {
  let prefixed: Prefixed = { path: pathname };
  for (;;) {
    const next = stripPriority(prefixed) ?? stripPermit(prefixed);
    if (next === undefined) return prefixed;
    prefixed = next;
  }
}

function stripPriority(from: Prefixed): Prefixed | undefined {
  if (from.priority !== undefined) return undefined;
  const match = /^\/(?:(foreground|background)|priority\/([^/]+))(?=\/|$)/i.exec(from.path);
  if (match === null) return undefined;
  const parsed = parsePriority(match[1] ?? match[2] ?? "");
  return "priority" in parsed ? { ...from, ...parsed, path: rest(from.path, match[0]) } : undefined;
}

function stripPermit(from: Prefixed): Prefixed | undefined {
  if (from.permit !== undefined) return undefined;
  const match = /^\/permit\/([^/]+)(?=\/|$)/i.exec(from.path);
  return match === null ? undefined : { ...from, permit: match[1]!, path: rest(from.path, match[0]) };
}

function rest(path: string, prefix: string): string {
  return path.slice(prefix.length) || "/";
}
