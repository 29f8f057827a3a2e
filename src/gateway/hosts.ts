import { hostname } from "node:os";

/** Names under which a machine reaches itself, and containers reach their host. */
const ALWAYS = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal", "host.containers.internal"];

/**
 * Which `Host` and `Origin` a gateway answers to. A web page can make a browser call any address, also under a name of its own
 * that suddenly points to 127.0.0.1 (DNS rebinding); what the browser cannot forge are these two headers.
 */
export class Hosts {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(allowedHosts: readonly string[], allowedOrigins: readonly string[], machine: string = hostname()) {
    const own = machine.toLowerCase();
    const short = own.split(".")[0]!;
    this.#hosts = new Set([...ALWAYS, own, short, `${short}.local`, ...allowedHosts.map((host) => host.toLowerCase())]);
    this.#origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, "")));
  }

  /** Why a request with these headers is refused, in words that name the remedy; `undefined` when it is welcome. */
  objection(host: string | undefined, origin: string | undefined): string | undefined {
    if (host === undefined) return "the request has no Host header";
    const name = hostnameOf(host);
    if (!this.#hosts.has(name) && !isAddress(name)) {
      return `Host "${host}" is not one of this gateway's names; allow it with --allow-host ${name}`;
    }
    if (origin === undefined || origin === "null" || this.#isOwn(origin)) return undefined;
    return `a web page of ${origin} may not call this gateway; allow it with --allow-origin ${origin}`;
  }

  #isOwn(origin: string): boolean {
    const lower = origin.toLowerCase();
    if (this.#origins.has(lower) || this.#origins.has("*")) return true;
    return URL.canParse(lower) && this.#hosts.has(new URL(lower).hostname);
  }
}

function hostnameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

/** An address cannot be rebound: whoever names it means it. */
function isAddress(name: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}
