import type { Served, ServedRequest } from "./served.ts";

/** A moment at which more requests wanted a slot, their clients still there, than the server has. */
export interface OverCapacity {
  /** The one too many. */
  readonly request: ServedRequest;
  /** All of them, it included. */
  readonly live: readonly ServedRequest[];
  readonly capacity: number;
}

/** Turns of the event loop after which a hang-up that was there before a request has been seen. */
const TURNS = 3;

/**
 * Counts the requests that are live: they want or hold a slot, and their client has not hung up. A gate that keeps its promise never
 * lets them exceed the slots.
 *
 * A client that hangs up and at once sends another request is within its rights, but the two travel on different sockets: so an excess
 * counts only if it is still there once the hang-ups that came before it have been seen.
 */
export class Ledger {
  readonly #capacity: number;
  readonly #live = new Set<Served>();
  readonly #excesses: OverCapacity[] = [];
  #maxLive = 0;
  #unsettled = 0;
  readonly #settled: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get live(): number {
    return this.#live.size;
  }

  get maxLive(): number {
    return this.#maxLive;
  }

  get excesses(): readonly OverCapacity[] {
    return this.#excesses;
  }

  arrive(served: Served): void {
    this.#live.add(served);
    if (this.#live.size <= this.#capacity) {
      this.#maxLive = Math.max(this.#maxLive, this.#live.size);
      return;
    }
    const live = [...this.#live];
    this.#unsettled += 1;
    this.#afterTurns(TURNS, () => this.#settle(served, live));
  }

  /** The request ended, or its client hung up. */
  leave(served: Served): void {
    this.#live.delete(served);
  }

  /** Resolves once no verdict is open. */
  async settled(): Promise<void> {
    if (this.#unsettled === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled.push(resolve);
    return promise;
  }

  #settle(request: Served, arrived: readonly Served[]): void {
    const live = arrived.filter((other) => other.at["hung-up"] === undefined);
    this.#maxLive = Math.max(this.#maxLive, live.length);
    if (live.length > this.#capacity) this.#excesses.push({ request, live, capacity: this.#capacity });
    this.#unsettled -= 1;
    if (this.#unsettled > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }

  #afterTurns(turns: number, callback: () => void): void {
    if (turns === 0) callback();
    else setImmediate(() => this.#afterTurns(turns - 1, callback));
  }
}
