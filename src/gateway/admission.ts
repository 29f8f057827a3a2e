import type { Permit } from "../gate/index.ts";
import { heartbeat } from "../protocol/heartbeat.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import type { GatewayContext } from "./context.ts";
import { Refused } from "./refused.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";
import { waitLimitMs } from "./wait-limit.ts";

/** What a request waits for. */
export interface Place {
  readonly upstream: Upstream;
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly priority: number;
}

/** A permit that is given back when it goes out of scope. */
export interface Admitted extends Disposable {
  readonly waitedMs: number;
}

/** One request's way through the gate: in at once, or waiting with heartbeats until its turn, its limit or its client's leave. */
export class Admission {
  readonly #gateway: GatewayContext;
  readonly #visit: Visit;
  readonly #place: Place;
  #stopHeartbeats: (() => void) | null = null;

  constructor(gateway: GatewayContext, visit: Visit, place: Place) {
    this.#gateway = gateway;
    this.#visit = visit;
    this.#place = place;
  }

  /** Rejects with a `GateError`, or with `ClientGone`. */
  async enter(): Promise<Admitted> {
    const { visit, place } = { visit: this.#visit, place: this.#place };
    if (visit.permitId !== undefined) return this.#ride(visit.permitId);
    const { gate } = place.upstream.group;
    const { priority } = place;
    const label = visit.record.id;
    return gate.tryAcquire({ priority, label }) ?? (await this.#wait());
  }

  async #wait(): Promise<Permit> {
    const { record, response } = this.#visit;
    const { priority, upstream } = this.#place;
    const { gate, lanes } = upstream.group;
    const counted = lanes.enter(this.#gateway.config.queue, priority, upstream.group.retryAfterSeconds());
    this.#startHeartbeats();
    try {
      return await gate.acquire({
        priority,
        label: record.id,
        signal: response.presence,
        timeoutMs: waitLimitMs(this.#gateway.config, this.#visit, priority),
        onEnqueue: (id) => {
          record.gateId = id;
          record.state = "waiting";
          this.#gateway.requests.changed(record);
        },
      });
    } finally {
      this.#stopHeartbeats?.();
      counted.leave();
    }
  }

  /** Streaming clients only: for the others any byte would be the answer. */
  #startHeartbeats(): void {
    const { route, facts } = this.#place;
    const { heartbeatAfterMs, heartbeatForm } = this.#gateway.config.queue;
    const frame = facts.stream ? heartbeat(route.dialect, heartbeatForm) : null;
    if (frame === null) return;
    const beat = (): void => {
      this.#visit.response.heartbeat(frame);
      this.#stopHeartbeats = this.#gateway.clock.after(heartbeatAfterMs, beat, true);
    };
    this.#stopHeartbeats = this.#gateway.clock.after(heartbeatAfterMs, beat, true);
  }

  #ride(id: string): Admitted {
    const held = this.#gateway.heldPermits.find(id, this.#visit.record.client);
    if (held === undefined) throw permitUnknown(id);
    // Its holder releases it; this request only uses it.
    return { waitedMs: 0, [Symbol.dispose]: () => {} };
  }
}

function permitUnknown(id: string): Refused {
  const message = `permit ${id} is not held; it was released, it lost its connection, or it never was yours: acquire a new one`;
  return new Refused("refused", { status: 409, code: "permit_unknown", message });
}
