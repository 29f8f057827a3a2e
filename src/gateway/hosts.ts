import { hostname } from "node:os";

/** Names under which a machine reaches itself, and containers reach their host. */
const ALWAYS = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal", "host.containers.internal"];

/**
 * Which `Host` and `Origin` a gateway answers to. A web page can make a browser call any address, also under a name of its own
 * that suddenly points to 127.0.0.1 (DNS rebinding); what the browser cannot forge are these two headers.
 */
export class Hosts {
  readonly #hosts: ReadonlySet<string>;
  readonly #allowedHosts: readonly string[];
  readonly #allowedOrigins: readonly string[];

  constructor(allowedHosts: readonly string[], allowedOrigins: readonly string[], machine: string = hostname()) {
    const own = machine.toLowerCase();
    const short = own.split(".")[0]!;
    this.#hosts = new Set([...ALWAYS, own, short, `${short}.local`]);
    this.#allowedHosts = allowedHosts.map((host) => host.toLowerCase());
    this.#allowedOrigins = allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, ""));
  }

  /** Why a request with these headers is refused, in words that name the remedy; `undefined` when it is welcome. */
  objection(host: string | undefined, origin: string | undefined): string | undefined {
    if (host === undefined) return "the request has no Host header";
    const name = hostnameOf(host);
    if (!isAddress(name) && !this.#isHost(name)) {
      return `Host "${host}" is not one of this gateway's names; allow it with --allow-host ${name}`;
    }
    // "null" is no origin of its own: every page can have it, from within a sandboxed frame.
    if (origin === undefined || this.#isWelcome(origin.toLowerCase(), name)) return undefined;
    return `a web page of ${origin} may not call this gateway; allow it with --allow-origin ${origin}`;
  }

  #isHost(name: string): boolean {
    return this.#hosts.has(name) || this.#allowedHosts.some((pattern) => fits(pattern, name));
  }

  /** Pages of this machine, of the very name that was called, and those that are allowed. */
  #isWelcome(origin: string, host: string): boolean {
    if (this.#allowedOrigins.some((pattern) => fits(pattern, origin))) return true;
    if (!URL.canParse(origin)) return false;
    const { hostname: page } = new URL(origin);
    return page === host || this.#hosts.has(page);
  }
}

function hostnameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

/** An address cannot be rebound: whoever names it means it. */
function isAddress(name: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}

/** `*` takes anything; a `*.` below a domain takes every name below it, and not the domain itself. */
function fits(pattern: string, name: string): boolean {
  const [before, after, ...more] = pattern.split("*");
  if (after === undefined || more.length > 0) return pattern === name;
  return name.length >= pattern.length && name.startsWith(before!) && name.endsWith(after);
}
