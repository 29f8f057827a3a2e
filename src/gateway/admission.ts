import { isGateError, type Gate, type Permit, type PlaceInLine } from "../gate/index.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import type { GatewayContext } from "./context.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { HeldPermit } from "./held-permits.ts";
import type { Need } from "./model-runs.ts";
import { Refused } from "./refused.ts";
import type { KeptPlace, RetryKey } from "./retries.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";
import { waitLimitMs } from "./wait-limit.ts";

/** What a request waits for. */
export interface Place extends Need {
  readonly upstream: Upstream;
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly retryKey: RetryKey | undefined;
  /** Whether it may be asked to step aside for a sooner one. */
  readonly parkable: boolean;
}

/** One request's way through the gate: in at once, or waiting with heartbeats until its turn, its limit or its client's leave. */
export class Admission {
  readonly #gateway: GatewayContext;
  readonly #visit: Visit;
  readonly #place: Place;
  #arrivedAt = 0;
  #run: { leave(): void } | undefined;

  constructor(gateway: GatewayContext, visit: Visit, place: Place) {
    this.#gateway = gateway;
    this.#visit = visit;
    this.#place = place;
  }

  /** Rejects with a `GateError`, or with `ClientGone`. */
  async enter(): Promise<Permit> {
    const held = this.#permitToRideOn();
    if (held !== undefined) return this.#ride(held);
    const { gate, runs } = this.#place.upstream.group;
    const { priority, parkable: preemptible } = this.#place;
    const label = this.#visit.record.id;
    const permit = gate.tryAcquire({ priority, label, preemptible });
    if (permit === undefined) return this.#queue(gate);
    this.#run = runs.enter(this.#place, permit.id);
    return permit;
  }

  /** To be called when the request neither waits nor runs any more. */
  leave(): void {
    this.#run?.leave();
  }

  async #queue(gate: Gate): Promise<Permit> {
    const { priority, upstream } = this.#place;
    const { lanes, runs } = upstream.group;
    const counted = lanes.enter(this.#gateway.config.queue, priority, upstream.group.retryAfterSeconds());
    const kept = this.#keptPlace(gate);
    this.#arrivedAt = kept?.arrivedAt ?? this.#gateway.clock.now();
    try {
      return await this.#wait(gate, kept ?? this.#placeBesideItsModel(), (id) => {
        this.#visit.record.gateId = id;
        if (kept === undefined) this.#run = runs.enter(this.#place, id);
      });
    } finally {
      counted.leave();
    }
  }

  #keptPlace(gate: Gate): KeptPlace | undefined {
    const { retryKey } = this.#place;
    return retryKey?.mayRepeat === true ? this.#gateway.retries.take(retryKey.key, gate.name) : undefined;
  }

  /** With aging everybody is promised an order by arrival, and has it. */
  #placeBesideItsModel(): PlaceInLine | undefined {
    const { agingMs, groupByModel } = this.#gateway.config.queue;
    if (agingMs !== undefined) return undefined;
    const id = this.#place.upstream.group.runs.placeFor(this.#place, groupByModel);
    return id === undefined ? undefined : { id, arrivedAt: this.#arrivedAt };
  }

  /** To be called when the request ends without an answer: its next attempt stands where it stood. */
  keepPlace(): void {
    const { retryKey, upstream } = this.#place;
    const { gateId } = this.#visit.record;
    if (retryKey === undefined || gateId === undefined) return;
    const { gate } = upstream.group;
    this.#gateway.retries.keep(retryKey.key, { gate: gate.name, id: gateId, arrivedAt: this.#arrivedAt });
  }

  async #wait(gate: Gate, place?: PlaceInLine, onEnqueue?: (id: string) => void): Promise<Permit> {
    const { record, response } = this.#visit;
    const { priority, parkable } = this.#place;
    const heartbeats = new Heartbeats(this.#gateway, this.#visit, this.#place);
    const heartbeatMs = heartbeats.start();
    try {
      return await gate.acquire({
        priority,
        label: record.id,
        // A rider holds no permit of its own to step aside with.
        preemptible: parkable && gate === this.#place.upstream.group.gate,
        signal: response.presence,
        place,
        timeoutMs: waitLimitMs(this.#gateway.config, this.#visit, priority, heartbeatMs),
        onEnqueue: (id) => {
          onEnqueue?.(id);
          record.state = "waiting";
          this.#gateway.requests.changed(record);
        },
      });
    } finally {
      heartbeats.stop();
    }
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

  async #ride({ riders }: HeldPermit): Promise<Permit> {
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
