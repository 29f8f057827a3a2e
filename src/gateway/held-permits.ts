import { Gate, type Clock } from "../gate/index.ts";

/** What a held permit is made of. */
export interface HeldPermitOptions {
  readonly id: string;
  /** Name of the gate that it belongs to. */
  readonly gate: string;
  /** Who acquired it: others can neither ride on it nor release it. */
  readonly client: string;
  readonly clock: Clock;
}

/**
 * A permit that a client holds over HTTP, as the requests see it that ride on it. One permit is one slot of the model server, so
 * they go one at a time, in order of arrival; and the permit can only be passed on between two of them.
 */
export class HeldPermit {
  readonly gate: string;
  readonly client: string;
  /** The line of those who ride. Closed once the permit is given back. */
  readonly riders: Gate;

  constructor({ id, gate, client, clock }: HeldPermitOptions) {
    this.gate = gate;
    this.client = client;
    // Who waits here waits for its own kind; that is nobody's starvation.
    this.riders = new Gate({ name: id, capacity: 1, starvationWarnMs: Infinity, clock });
  }

  /** Lets nobody on for now, and resolves once nobody is on. Who comes meanwhile waits for {@link HeldPermit.resume}. */
  async pause(): Promise<void> {
    const { riders } = this;
    riders.pause();
    if (riders.held === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopListening = riders.on("release", () => resolve());
    await promise;
    stopListening();
  }

  resume(): void {
    this.riders.unpause();
  }

  /** Lets nobody on any more, turns away who waits, and resolves once nobody is on. */
  async end(): Promise<void> {
    await this.riders[Symbol.asyncDispose]();
  }
}

/** The permits held over HTTP, by the id that their holder was told. */
export class HeldPermits {
  readonly #byId = new Map<string, HeldPermit>();

  get size(): number {
    return this.#byId.size;
  }

  /** How many are held at the gate of this name. */
  heldAt(gate: string): number {
    let count = 0;
    for (const held of this.#byId.values()) if (held.gate === gate) count++;
    return count;
  }

  add(id: string, held: HeldPermit): void {
    this.#byId.set(id, held);
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  /** The permit if it is held by `client`, or stepping aside; those of others are as unknown as those that never were. */
  find(id: string, client: string): HeldPermit | undefined {
    const held = this.#byId.get(id);
    return held?.client === client ? held : undefined;
  }
}
