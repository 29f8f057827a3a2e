import type { Relay } from "../relay/relay.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { Visit } from "./visit.ts";

/** An aborted request is noticed within a second; half of that is lost on average. */
const PAUSE_MS = 250;
/** Longer than any server takes to notice that somebody is gone. */
const PATIENCE_MS = 30_000;

/** Who waits for what. */
interface Waiter {
  readonly gateway: GatewayContext;
  readonly visit: Visit;
  readonly place: Place;
  readonly relay: Relay;
}

/**
 * The time that a server needs to notice an abort, for one that refuses a second request meanwhile instead of queueing it, or to
 * load its model, for a request that stepped aside and comes back: it keeps its permit and is sent again. When it takes too long,
 * the client is told what the server says.
 */
export class BusyServer {
  readonly #waiter: Waiter;
  #since: number | undefined;
  #parks = 0;
  #heartbeats: Heartbeats | undefined;

  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  /** Resolves when the request may be sent again. Rejects with `ClientGone`. */
  async pass(): Promise<void> {
    const { gateway, visit, relay } = this.#waiter;
    const { clock, config } = gateway;
    const now = clock.now();
    const { parks } = visit.record;
    const { since, heartbeats } = this.#wait(now, parks);
    const patienceMs = parks > 0 ? config.preempt.maxParkedMs : PATIENCE_MS;
    relay.patient = now - since < patienceMs;
    const { presence } = visit.response;
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = clock.after(PAUSE_MS, resolve, true);
    heartbeats.start();
    presence.addEventListener("abort", resolve);
    await promise;
    heartbeats.stop();
    callOff();
    presence.removeEventListener("abort", resolve);
    if (presence.aborted) throw presence.reason;
  }

  /** Each coming back has a patience of its own. */
  #wait(now: number, parks: number): { since: number; heartbeats: Heartbeats } {
    if (parks > this.#parks) {
      this.#since = undefined;
      this.#heartbeats = undefined;
    }
    this.#parks = parks;
    const { gateway, visit, place } = this.#waiter;
    return {
      since: (this.#since ??= now),
      heartbeats: (this.#heartbeats ??= new Heartbeats(gateway, visit, place)),
    };
  }
}
