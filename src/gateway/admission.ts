import { isGateError, type Gate, type Permit } from "../gate/index.ts";
import { heartbeat } from "../protocol/heartbeat.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import type { GatewayContext } from "./context.ts";
import type { HeldPermit } from "./held-permits.ts";
import { Refused } from "./refused.ts";
import type { KeptPlace, RetryKey } from "./retries.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";
import { waitLimitMs } from "./wait-limit.ts";

/** What a request waits for. */
export interface Place {
  readonly upstream: Upstream;
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly priority: number;
  readonly retryKey: RetryKey | undefined;
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
  #arrivedAt = 0;

  constructor(gateway: GatewayContext, visit: Visit, place: Place) {
    this.#gateway = gateway;
    this.#visit = visit;
    this.#place = place;
  }

  /** Rejects with a `GateError`, or with `ClientGone`. */
  async enter(): Promise<Admitted> {
    const held = this.#permitToRideOn();
    if (held !== undefined) return this.#ride(held);
    const { gate } = this.#place.upstream.group;
    const { priority } = this.#place;
    const label = this.#visit.record.id;
    return gate.tryAcquire({ priority, label }) ?? (await this.#queue(gate));
  }

  async #queue(gate: Gate): Promise<Permit> {
    const { priority, upstream } = this.#place;
    const { lanes } = upstream.group;
    const counted = lanes.enter(this.#gateway.config.queue, priority, upstream.group.retryAfterSeconds());
    const retryOf = this.#keptPlace(gate);
    this.#arrivedAt = retryOf?.arrivedAt ?? this.#gateway.clock.now();
    try {
      return await this.#wait(gate, retryOf, (id) => {
        this.#visit.record.gateId = id;
      });
    } finally {
      counted.leave();
    }
  }

  #keptPlace(gate: Gate): KeptPlace | undefined {
    const { retryKey } = this.#place;
    return retryKey?.mayRepeat === true ? this.#gateway.retries.take(retryKey.key, gate.name) : undefined;
  }

  /** To be called when the request ends without an answer: its next attempt stands where it stood. */
  keepPlace(): void {
    const { retryKey, upstream } = this.#place;
    const { gateId } = this.#visit.record;
    if (retryKey === undefined || gateId === undefined) return;
    const { gate } = upstream.group;
    this.#gateway.retries.keep(retryKey.key, { gate: gate.name, id: gateId, arrivedAt: this.#arrivedAt });
  }

  async #wait(gate: Gate, retryOf?: KeptPlace, onEnqueue?: (id: string) => void): Promise<Permit> {
    const { record, response } = this.#visit;
    const { priority } = this.#place;
    const heartbeatMs = this.#startHeartbeats();
    try {
      return await gate.acquire({
        priority,
        label: record.id,
        signal: response.presence,
        retryOf,
        timeoutMs: waitLimitMs(this.#gateway.config, this.#visit, priority, heartbeatMs),
        onEnqueue: (id) => {
          onEnqueue?.(id);
          record.state = "waiting";
          this.#gateway.requests.changed(record);
        },
      });
    } finally {
      this.#stopHeartbeats?.();
    }
  }

  /** Streaming clients only: for the others any byte would be the answer. Returns how often the client hears something. */
  #startHeartbeats(): number | undefined {
    const { route, facts } = this.#place;
    const { heartbeatAfterMs, heartbeatForm } = this.#gateway.config.queue;
    const frame = facts.stream ? heartbeat(route.dialect, heartbeatForm) : null;
    if (frame === null) return undefined;
    const beatLater = (): void => {
      this.#stopHeartbeats = this.#gateway.clock.after(
        heartbeatAfterMs,
        () => {
          this.#visit.response.heartbeat(frame);
          beatLater();
        },
        true,
      );
    };
    beatLater();
    return heartbeatAfterMs;
  }

  /**
   * The held permit that this request names. One of another gate is no way past this one: such a request waits like any other,
   * which cannot be for itself.
   *
   * @throws {Refused} 409 when it is not held.
   */
  #permitToRideOn(): HeldPermit | undefined {
    const { permitId, record } = this.#visit;
    if (permitId === undefined) return undefined;
    const held = this.#gateway.heldPermits.find(permitId, record.client);
    if (held === undefined) throw permitUnknown(permitId);
    return held.gate === this.#place.upstream.group.gate.name ? held : undefined;
  }

  async #ride({ riders }: HeldPermit): Promise<Admitted> {
    try {
      return riders.tryAcquire() ?? (await this.#wait(riders));
    } catch (error) {
      if (isGateError(error) && error.code === "closed") throw permitUnknown(riders.name);
      throw error;
    }
  }
}

function permitUnknown(id: string): Refused {
  const message = `permit ${id} is not held; it was released, it lost its connection, or it never was yours: acquire a new one`;
  return new Refused("refused", { status: 409, code: "permit_unknown", message });
}
