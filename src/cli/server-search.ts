import { startModelServer, type ModelServer } from "../testing/index.ts";
import { findServers } from "../gateway/discovery.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Upstream } from "../gateway/upstream.ts";

/** How often the usual ports are looked at again. */
const LOOK_AGAIN_MS = 5_000;
/** About what a small Mac does. */
const SIMULATED_TIMING = { prefillMsPerToken: 1, decodeMsPerToken: 20 };

/**
 * Keeps a gateway supplied with the model servers of this machine: takes in what it finds on the usual ports, now and later, and
 * stands in with a simulated one, if allowed, until the first real one is there.
 */
export class ServerSearch {
  readonly #gateway: Gateway;
  readonly #simulate: boolean;
  readonly #onFound: (upstream: Upstream) => void;
  #simulated: { readonly server: ModelServer; readonly upstream: Upstream } | undefined;
  #callOff: (() => void) | undefined;
  #ownPorts: readonly number[] = [];

  constructor(gateway: Gateway, simulate: boolean, onFound: (upstream: Upstream) => void) {
    this.#gateway = gateway;
    this.#simulate = simulate;
    this.#onFound = onFound;
  }

  /** Whether a simulated model answers at this moment. */
  get simulating(): boolean {
    return this.#simulated !== undefined;
  }

  /** The first look. Resolves once everything found was taken in. */
  async first(): Promise<void> {
    await this.#look();
    if (this.#simulate && this.#gateway.upstreams.all.length === 0) await this.#beginSimulation();
  }

  /** Looks again and again, past the gateway's own ports. */
  keepLooking(ownPorts: readonly number[]): void {
    this.#ownPorts = ownPorts;
    this.#callOff = this.#gateway.clock.after(
      LOOK_AGAIN_MS,
      () => void this.#look().then(() => this.keepLooking(ownPorts)),
      false,
    );
  }

  async close(): Promise<void> {
    this.#callOff?.();
    await this.#simulated?.server.close();
  }

  async #look(): Promise<void> {
    const known = this.#gateway.upstreams.all.map(({ url }) => Number(url.port));
    for (const { url } of await findServers(new Set([...known, ...this.#ownPorts]))) {
      const upstream = await this.#gateway.addUpstream({ url: url.href, models: { alias: {} } });
      await this.#endSimulation();
      this.#onFound(upstream);
    }
  }

  async #beginSimulation(): Promise<void> {
    const server = await startModelServer({ engine: "simulated", timing: SIMULATED_TIMING });
    const upstream = await this.#gateway.addUpstream({ name: "simulated", url: server.url, models: { alias: {} } });
    this.#simulated = { server, upstream };
  }

  async #endSimulation(): Promise<void> {
    if (this.#simulated === undefined) return;
    const { server, upstream } = this.#simulated;
    this.#simulated = undefined;
    await this.#gateway.upstreams.remove(upstream);
    await server.close();
  }
}
