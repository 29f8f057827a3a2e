import { randomUUID } from "node:crypto";
import { isGateError, type Gate, type Permit } from "../../gate/index.ts";
import { ClientGone } from "../client-gone.ts";
import type { GatewayContext } from "../context.ts";
import type { GateGroup } from "../gate-group.ts";
import { HeldPermit } from "../held-permits.ts";
import { Refused } from "../refused.ts";
import type { Outcome, RequestRecord } from "../request-record.ts";
import { refusalOf } from "../wire-errors.ts";
import type { PermitErrorEvent } from "./permit-events.ts";
import type { PermitStream } from "./permit-stream.ts";

/** One call for a permit over HTTP, judged and ready to wait. */
export interface PermitCall {
  readonly group: GateGroup;
  /** Name of the caller's key. */
  readonly client: string;
  readonly priority: number;
  readonly label: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly preemptible: boolean;
  readonly stream: PermitStream;
  readonly record: RequestRecord;
}

/**
 * One permit over HTTP, from the call to its last line: **the held connection is the held permit**. Whatever ends the one ends the
 * other, and both end exactly once.
 *
 *     waiting ──▶ held ⇄ parked
 *        └─────────┴───────┴──▶ over
 *
 * The permit goes on to the next in line only when no request rides on it any more, also when its client is gone.
 */
export class PermitConnection {
  /** Whoever knows it may ride on the permit, so it cannot be guessed. */
  readonly id: string = `permit_${randomUUID()}`;
  readonly client: string;
  readonly #gateway: GatewayContext;
  readonly #call: PermitCall;
  readonly #onOver: () => void;
  #held: HeldPermit | undefined;
  #permit: Permit | undefined;
  #watched: AbortSignal | undefined;
  #stopListening: (() => void) | undefined;
  #yielding: Promise<boolean> | null = null;
  #ending: Promise<void> | undefined;

  /** `onOver` is called once, when the id stands for nothing any more. */
  constructor(gateway: GatewayContext, call: PermitCall, onOver: () => void) {
    this.#gateway = gateway;
    this.#call = call;
    this.#onOver = onOver;
    this.client = call.client;
  }

  /** Whether it was granted and not given back; a holder that steps aside still counts. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#ending === undefined;
  }

  get #gate(): Gate {
    return this.#call.group.gate;
  }

  /** Waits for the permit. Rejects when it was refused and no line was sent; whatever comes later is told in the stream. */
  async open(): Promise<void> {
    const { stream, record } = this.#call;
    try {
      this.#permit = await this.#acquire();
    } catch (error) {
      void this.#fail(error);
      if (stream.begun || error instanceof ClientGone) return;
      throw error;
    }
    // How a holder gives the permit back is its own affair; a client that left while it waited was told to us as an error.
    stream.presence.addEventListener("abort", () => void this.#end(null, "finished"));
    if (stream.presence.aborted) return this.#end(null, "client_closed");
    record.grantedAt = this.#gateway.clock.now();
    record.gateId = this.#permit.id;
    this.#hold(this.#permit);
  }

  /** Gives the permit back, or leaves the line. Resolves once nobody rides on it and it went on. */
  release(): Promise<void> {
    if (this.#permit !== undefined) return this.#end({ event: "released" }, "finished");
    const { gateId } = this.#call.record;
    if (gateId !== undefined) this.#gate.cancel(gateId);
    return Promise.resolve();
  }

  /**
   * The holder's `yield`: resolves with whether the permit was kept all the while. Calls during the wait share it. Rejects with the
   * gate's error when the wait ends in vain; the permit is then released, and its connection over.
   *
   * @throws {Refused} 409 while there is no permit yet.
   */
  yield(timeoutMs: number | undefined): Promise<boolean> {
    const permit = this.#permit;
    const held = this.#held;
    if (permit === undefined || held === undefined) {
      const message = `permit ${this.id} still waits; yield once it is granted`;
      throw new Refused("refused", { status: 409, code: "permit_waiting", message });
    }
    this.#yielding ??= this.#stepAside(permit, held, timeoutMs).finally(() => {
      this.#yielding = null;
    });
    return this.#yielding;
  }

  async #acquire(): Promise<Permit> {
    const { group, priority, label, preemptible, timeoutMs, stream, record } = this.#call;
    const granted = group.gate.tryAcquire({ priority, label, preemptible });
    if (granted !== undefined) return granted;
    const counted = group.lanes.enter(this.#gateway.config.queue, priority, group.retryAfterSeconds());
    const onEnqueue = (gateId: string): void => {
      record.gateId = gateId;
      record.state = "waiting";
      this.#gateway.requests.changed(record);
      stream.line({ event: "waiting", id: this.id, position: positionOf(group.gate, gateId) });
    };
    try {
      return await group.gate.acquire({ priority, label, preemptible, timeoutMs, signal: stream.presence, onEnqueue });
    } finally {
      counted.leave();
    }
  }

  async #stepAside(permit: Permit, held: HeldPermit, timeoutMs: number | undefined): Promise<boolean> {
    const { stream } = this.#call;
    await held.pause();
    try {
      const stopListening = this.#gate.on("park", ({ id }) => {
        if (id === permit.id) stream.line({ event: "parked" });
      });
      const yielding = permit.yield({ signal: stream.presence, timeoutMs });
      stopListening();
      const stoodAside = await yielding;
      if (stoodAside) this.#hold(permit);
      else this.#watchForPreemption(permit);
      held.resume();
      return !stoodAside;
    } catch (error) {
      void this.#fail(error);
      throw error;
    }
  }

  /** The permit is held, for the first time or again. */
  #hold(permit: Permit): void {
    const { stream, record, client } = this.#call;
    const { id } = this;
    if (this.#held === undefined) {
      this.#held = new HeldPermit({ id, gate: this.#gate.name, client, clock: this.#gateway.clock });
      this.#gateway.heldPermits.add(id, this.#held);
      this.#stopListening = this.#gate.on("state", ({ state }) => {
        if (state === "closed") void this.#end(shuttingDown(), "closed");
      });
    }
    record.state = "running";
    this.#gateway.requests.changed(record);
    stream.line({ event: "granted", id, waitedMs: Math.round(permit.waitedMs), priority: permit.priority });
    this.#watchForPreemption(permit);
  }

  /** A permit that stepped aside, or answered that it need not, has a signal of its own again. */
  #watchForPreemption(permit: Permit): void {
    if (!this.#call.preemptible || permit.signal === this.#watched) return;
    const { signal } = permit;
    this.#watched = signal;
    const ask = (): void => this.#call.stream.line({ event: "preempt" });
    if (signal.aborted) ask();
    else signal.addEventListener("abort", ask, { once: true });
  }

  #fail(error: unknown): Promise<void> {
    const gone = error instanceof ClientGone;
    const refusal = refusalOf(error, this.#call.group.retryAfterSeconds());
    if (!this.#call.stream.begun) this.#call.record.status = refusal.error.status;
    return this.#end(gone ? null : errorEvent(error), gone ? "client_closed" : refusal.outcome);
  }

  #end(last: { readonly event: "released" } | PermitErrorEvent | null, outcome: Outcome): Promise<void> {
    this.#ending ??= this.#endOnce(last, outcome);
    return this.#ending;
  }

  async #endOnce(last: { readonly event: "released" } | PermitErrorEvent | null, outcome: Outcome): Promise<void> {
    const { stream } = this.#call;
    this.#gateway.heldPermits.remove(this.id);
    this.#stopListening?.();
    this.#onOver();
    // At once, because a gateway that closes cuts its connections next. An error before the first line is no line.
    if (last?.event === "error" && stream.begun) stream.end(last);
    await this.#held?.end();
    this.#permit?.release();
    if (last?.event === "released") stream.end(last);
    this.#closeRecord(outcome);
  }

  #closeRecord(outcome: Outcome): void {
    const { record, stream } = this.#call;
    record.outcome = outcome;
    if (stream.begun) record.status = 200;
    record.endedAt = this.#gateway.clock.now();
    this.#gateway.requests.close(record);
  }
}

/** 1 is next. Sorts the line, once for each permit that has to wait. */
function positionOf(gate: Gate, gateId: string): number {
  return gate.snapshot().waiters.find(({ id }) => id === gateId)?.position ?? 1;
}

function errorEvent(error: unknown): PermitErrorEvent {
  if (isGateError(error)) {
    const { code, message, stage, waitedMs, waiting } = error;
    return { event: "error", code, message, stage, waitedMs: Math.round(waitedMs), waiting };
  }
  const { code, message } = refusalOf(error, 1).error;
  return { event: "error", code, message };
}

function shuttingDown(): PermitErrorEvent {
  return {
    event: "error",
    code: "closed",
    message: "Headgate is shutting down; the permit is given back",
    stage: "running",
  };
}
