import type { Call } from "./call.ts";
import { GateError, type GateErrorCode, type GateStage } from "./errors.ts";
import type { Permits } from "./permits.ts";
import type { Queue } from "./queue.ts";

/** Builds the errors of one gate: each a fresh instance that says where the call had come to, why it ended and what to do. */
export class Refusals {
  readonly #gate: string;
  readonly #permits: Permits;
  readonly #queue: Queue;
  readonly #maxWaiting: number;

  constructor(gate: string, permits: Permits, queue: Queue, maxWaiting: number) {
    this.#gate = gate;
    this.#permits = permits;
    this.#queue = queue;
    this.#maxWaiting = maxWaiting;
  }

  queueFull(): GateError {
    return this.#rejected(
      "queue_full",
      `is full: ${this.#queue.size} waiting of ${this.#maxWaiting} allowed; retry later, or raise maxWaiting`,
    );
  }

  notAdmitting(state: "draining" | "closed"): GateError {
    const remedy = state === "closed" ? "make a new gate" : "it closes once the waiting calls have run";
    return this.#rejected(state, `is ${state} and admits nobody; ${remedy}`);
  }

  displaced(call: Call, by: Call, now: number): GateError {
    const why = `a call of priority ${by.priority} took the last place of ${this.#maxWaiting}; retry later, or raise maxWaiting`;
    return this.#ended("displaced", call, now, why);
  }

  timedOut(call: Call, holders: Iterable<Call>, now: number): GateError {
    return this.#ended("queue_timeout", call, now, `the time limit ran out; ${this.#whyNoPermit(call, holders)}`);
  }

  cancelled(call: Call, now: number): GateError {
    return this.#ended("cancelled", call, now, "it was cancelled by id");
  }

  closed(call: Call, reason: string | undefined, now: number): GateError {
    return this.#ended("closed", call, now, reason ?? "the gate was closed");
  }

  releasedWhileParked(call: Call, now: number): GateError {
    return this.#ended("permit_released", call, now, "its permit was released during the yield");
  }

  alreadyReleased(call: Call): GateError {
    const message = `gate "${this.#gate}": permit ${call.sequence} was given back before; acquire a new one`;
    return this.#running("permit_released", call, message);
  }

  preempted(call: Call): GateError {
    const message = `gate "${this.#gate}": a sooner call waits for permit ${call.sequence}; call yield() or release()`;
    return this.#running("preempted", call, message);
  }

  #rejected(code: GateErrorCode, what: string): GateError {
    const details = { waitedMs: 0, waiting: this.#queue.size };
    return new GateError(code, "rejected", `gate "${this.#gate}" ${what}`, details);
  }

  #ended(code: GateErrorCode, call: Call, now: number, why: string): GateError {
    const stage: GateStage = call.state === "parked" ? "parked" : "evicted";
    const waitedMs = now - call.since;
    const whose = call.details?.label ?? `call ${call.sequence}`;
    const message = `gate "${this.#gate}": ${whose} (priority ${call.priority}) ended after waiting ${Math.round(waitedMs)} ms: ${why}`;
    // The call still stands in the queue.
    return new GateError(code, stage, message, { waitedMs, waiting: this.#queue.size - 1 });
  }

  #whyNoPermit(call: Call, holders: Iterable<Call>): string {
    const { held, capacity, reserved } = this.#permits;
    // Who could run and waits nevertheless waits at a paused gate.
    if (this.#permits.usableBy(call.priority)) return "the gate is paused";
    if (capacity === 0) return "the gate has capacity 0";
    if (this.#permits.isBeyond(call.priority) && !this.#permits.existBeyond()) {
      return `every permit is reserved for priorities up to ${reserved!.priority}`;
    }
    // Nobody let go while this call waited: from inside, that is what waiting for oneself looks like.
    let heldThroughout = true;
    for (const holder of holders) heldThroughout &&= holder.since <= call.since && holder.sequence < call.sequence;
    const figures = `${held} of ${capacity} permits held, ${this.#queue.size} waiting`;
    if (!heldThroughout) return figures;
    return `${figures}, and no permit came free meanwhile; if this call was made while holding a permit of the same gate, it waited for itself (a self-deadlock): pass that permit on instead`;
  }

  #running(code: GateErrorCode, call: Call, message: string): GateError {
    return new GateError(code, "running", message, { waitedMs: call.waitedMs ?? 0, waiting: this.#queue.size });
  }
}
