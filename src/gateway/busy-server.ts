import type { Clock } from "../gate/index.ts";
import type { Relay } from "../relay/relay.ts";
import type { ClientPresence } from "./client-gone.ts";

/** An aborted request is noticed within a second; half of that is lost on average. */
const PAUSE_MS = 250;
/** Longer than any server takes to notice that somebody is gone. */
const PATIENCE_MS = 30_000;

/**
 * The time that a server needs to notice an abort, for one that refuses a second request meanwhile instead of queueing it: the
 * request keeps its permit and is sent again. When it takes too long, the client is told what the server says.
 */
export class BusyServer {
  readonly #clock: Clock;
  readonly #presence: ClientPresence;
  readonly #relay: Relay;
  #since: number | undefined;

  constructor(clock: Clock, presence: ClientPresence, relay: Relay) {
    this.#clock = clock;
    this.#presence = presence;
    this.#relay = relay;
  }

  /** Resolves when the request may be sent again. Rejects with `ClientGone`. */
  async pass(): Promise<void> {
    const now = this.#clock.now();
    this.#since ??= now;
    this.#relay.patient = now - this.#since < PATIENCE_MS;
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#clock.after(PAUSE_MS, resolve, true);
    this.#presence.addEventListener("abort", resolve);
    await promise;
    callOff();
    this.#presence.removeEventListener("abort", resolve);
    if (this.#presence.aborted) throw this.#presence.reason;
  }
}
