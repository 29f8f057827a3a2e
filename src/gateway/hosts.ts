import { isIP } from "node:net";
import { hostname } from "node:os";

/** Names under which a machine reaches itself, and containers reach their host. */
const ALWAYS = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal", "host.containers.internal"];

/**
 * Which `Host` and `Origin` a gateway answers to. A web page can make a browser call any address, also under a name of its own
 * that suddenly points to 127.0.0.1 (DNS rebinding); what the browser cannot forge are these two headers.
 */
export class Hosts {
  readonly #own: ReadonlySet<string>;
  readonly #allowedHosts: readonly string[];
  readonly #allowedOrigins: readonly string[];

  constructor(allowedHosts: readonly string[], allowedOrigins: readonly string[], machine: string = hostname()) {
    const name = plainHost(machine);
    const short = name.split(".", 1)[0]!;
    this.#own = new Set([...ALWAYS, name, short, `${short}.local`]);
    this.#allowedHosts = allowedHosts.map(plainHost);
    // With the slash at the end that the address bar shows; that of "file://" belongs to it.
    this.#allowedOrigins = allowedOrigins.map((origin) => origin.toLowerCase().replace(/(?<=[^/])\/$/, ""));
  }

  /**
   * Why a request with these headers is refused, in words that name the remedy; `undefined` when it is welcome. Every browser
   * sends a `Host`, so who sends none (HTTP/1.0) is no browser that was tricked.
   */
  objection(host: string | undefined, origin: string | undefined): string | undefined {
    const name = plainHost(host ?? "");
    if (name !== "" && !this.#isOurs(name) && !isOfNeighbourhood(name)) {
      return `Host "${host}" is not one of this gateway's names; allow it with --allow-host ${name}`;
    }
    if (origin === undefined || this.#isWelcome(origin.toLowerCase(), name)) return undefined;
    return `a web page of ${origin} may not call this gateway; allow it with --allow-origin ${origin}`;
  }

  /** Names that lead to this gateway and nowhere else, and those that are allowed. */
  #isOurs(name: string): boolean {
    if (this.#own.has(name) || isAddress(name) || isUnderLocalhost(name)) return true;
    return this.#allowedHosts.some((pattern) => fits(pattern, name));
  }

  /**
   * Pages of this machine, of the very name that was called, and those that are allowed. "null" is no origin of its own: every
   * page can have it, from within a sandboxed frame.
   */
  #isWelcome(origin: string, host: string): boolean {
    if (this.#allowedOrigins.some((pattern) => fits(pattern, origin))) return true;
    if (!URL.canParse(origin)) return false;
    const page = plainHost(new URL(origin).host);
    if (page === "") return false;
    return this.#own.has(page) || isUnderLocalhost(page) || (page === host && this.#isOurs(host));
  }
}

/** A resolver answers for `localhost` and all below it itself (RFC 6761 §6.3). */
function isUnderLocalhost(name: string): boolean {
  return name.endsWith(".localhost");
}

/**
 * A name that machines of the local network give themselves (RFC 6762). This one may have such a name without knowing it, as a
 * Mac does whose network names it too; and so may a neighbour, whose pages are none of ours.
 */
function isOfNeighbourhood(name: string): boolean {
  return name.endsWith(".local");
}

/** In lower case, without port, without the dot that makes a name absolute, and without the zone of an IPv6 address. */
function plainHost(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/\.$/, "")
    .replace(/^\[([^\]%]*)%[^\]]*\]$/, "[$1]");
}

/** An address cannot be rebound: whoever names it means it. */
function isAddress(name: string): boolean {
  return name.startsWith("[") && name.endsWith("]") ? isIP(name.slice(1, -1)) === 6 : isIP(name) === 4;
}

/** `*` takes anything; a `*.` below a domain takes every name below it, and not the domain itself. */
function fits(pattern: string, name: string): boolean {
  const [before, after, ...more] = pattern.split("*");
  if (after === undefined || more.length > 0) return pattern === name;
  return name.length >= pattern.length && name.startsWith(before!) && name.endsWith(after);
}
