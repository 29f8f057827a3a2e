import type { Permit } from "../gate/index.ts";

/** A permit that a client holds over HTTP, and the gate it belongs to. */
export interface HeldPermit {
  readonly permit: Permit;
  readonly gate: string;
  /** Who acquired it: others can neither ride on it nor release it. */
  readonly client: string;
}

/** The permits held over HTTP, by the id that their holder was told. */
export class HeldPermits {
  readonly #byId = new Map<string, HeldPermit>();

  get size(): number {
    return this.#byId.size;
  }

  add(id: string, held: HeldPermit): void {
    this.#byId.set(id, held);
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  /** The permit if it is held this moment by `client`; a parked or released one carries nobody. */
  find(id: string, client: string): HeldPermit | undefined {
    const held = this.#byId.get(id);
    return held !== undefined && held.client === client && !held.permit.released ? held : undefined;
  }
}
