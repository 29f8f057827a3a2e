import type { Clock } from "../gate/index.ts";
import type { GatewayConfig, UpstreamConfig } from "./config/types.ts";
import { GateGroup } from "./gate-group.ts";
import type { Upstream } from "./upstream.ts";

/** The gate that every server on this machine shares unless the configuration tells them apart: one GPU is one gate. */
export const LOCAL_GATE = "local";

/** The gates of a gateway, by name. */
export class GateGroups {
  readonly #byName = new Map<string, GateGroup>();
  readonly #config: () => GatewayConfig;
  readonly #clock: Clock;
  readonly #onNew: (group: GateGroup) => void;

  constructor(config: () => GatewayConfig, clock: Clock, onNew: (group: GateGroup) => void) {
    this.#config = config;
    this.#clock = clock;
    this.#onNew = onNew;
  }

  get all(): readonly GateGroup[] {
    return [...this.#byName.values()];
  }

  get(name: string): GateGroup | undefined {
    return this.#byName.get(name);
  }

  /** The gate that guards `upstream`, made on first need. */
  of(upstream: UpstreamConfig, url: URL): GateGroup {
    const name = upstream.gate ?? (isLoopback(url) ? LOCAL_GATE : (upstream.name ?? url.host));
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const { queue } = this.#config();
    const group = new GateGroup({ ...queue, agingMs: queue.agingMs, name, capacity: 1, clock: this.#clock });
    this.#byName.set(name, group);
    this.#onNew(group);
    return group;
  }

  /**
   * Gives every gate the capacity of its servers. Of several on one gate the smallest counts: they share a GPU, and none may ever
   * get more requests than it has slots.
   */
  resize(upstreams: readonly Upstream[]): void {
    for (const group of this.#byName.values()) {
      if (group.overridden) continue;
      const slots = upstreams
        .filter((upstream) => upstream.group === group && upstream.known)
        .map((u) => u.capacity.slots);
      if (slots.length > 0) group.resize(Math.min(...slots));
    }
  }

  close(): void {
    for (const group of this.#byName.values()) group.close();
  }
}

function isLoopback(url: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
