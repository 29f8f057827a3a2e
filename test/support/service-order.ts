import type { AcquireOptions, Gate } from "../../src/gate/index.ts";

/** Notes by name who got a permit, in order. */
export class ServiceOrder {
  readonly names: string[] = [];
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** One call that notes its name when its turn comes, and releases at once. */
  join(name: string, options: AcquireOptions = {}): Promise<void> {
    return this.#gate.run(() => void this.names.push(name), { label: name, ...options });
  }
}
