import type { Call } from "./call.ts";
import type { GateErrorCode } from "./errors.ts";
import type { GateEventName, GateState } from "./events.ts";
import type { Outbox } from "./outbox.ts";
import type { Permits } from "./permits.ts";
import type { Priority } from "./priority.ts";
import type { Queue } from "./queue.ts";
import { subjectOf } from "./snapshot.ts";

type Depth = { gate: string; held: number; waiting: number };

/**
 * Puts what a gate does into events: one method for each kind, called once the figures are final. An event that nobody
 * listens to is never built; those that must not go unheard (starvation, leak) always are.
 */
export class Reporter {
  readonly #gate: string;
  readonly #permits: Permits;
  readonly #queue: Queue;
  readonly #outbox: Outbox;

  constructor(gate: string, permits: Permits, queue: Queue, outbox: Outbox) {
    this.#gate = gate;
    this.#permits = permits;
    this.#queue = queue;
    this.#outbox = outbox;
  }

  wants(name: GateEventName): boolean {
    return this.#outbox.wants(name);
  }

  enqueue(call: Call): void {
    if (!this.wants("enqueue")) return;
    this.#outbox.record({ type: "enqueue", ...this.#depth(), ...subjectOf(call) });
  }

  dispatch(call: Call, queued: boolean, resumed: boolean): void {
    if (!this.wants("dispatch")) return;
    const waitedMs = call.waitedMs ?? 0;
    this.#outbox.record({ type: "dispatch", ...this.#depth(), ...subjectOf(call), waitedMs, queued, resumed });
  }

  release(call: Call, heldMs: number): void {
    const waitedMs = call.waitedMs ?? 0;
    this.#outbox.record({ type: "release", ...this.#depth(), ...subjectOf(call), waitedMs, heldMs });
  }

  reject(code: GateErrorCode | "aborted", priority: Priority, label: string | undefined): void {
    if (!this.wants("reject")) return;
    this.#outbox.record({ type: "reject", ...this.#depth(), code, priority, label });
  }

  evict(call: Call, code: GateErrorCode | "aborted", parked: boolean, waitedMs: number): void {
    if (!this.wants("evict")) return;
    this.#outbox.record({ type: "evict", ...this.#depth(), ...subjectOf(call), code, waitedMs, parked });
  }

  preempt(call: Call, now: number): void {
    if (!this.wants("preempt")) return;
    this.#outbox.record({ type: "preempt", ...this.#depth(), ...subjectOf(call), heldMs: now - call.since });
  }

  park(call: Call, heldMs: number): void {
    if (!this.wants("park")) return;
    this.#outbox.record({ type: "park", ...this.#depth(), ...subjectOf(call), heldMs });
  }

  starvation(count: number, thresholdMs: number, oldest: Call, now: number): void {
    const worst = { ...subjectOf(oldest), waitedMs: now - oldest.since };
    this.#outbox.record({ type: "starvation", ...this.#depth(), count, thresholdMs, oldest: worst });
  }

  leak(call: Call, now: number): void {
    this.#outbox.record({ type: "leak", ...this.#depth(), ...subjectOf(call), heldMs: now - call.since });
  }

  fault(during: string, error: unknown): void {
    this.#outbox.record({ type: "fault", ...this.#depth(), during, error });
  }

  state(state: GateState): void {
    if (!this.wants("state")) return;
    this.#outbox.record({ type: "state", ...this.#depth(), state, capacity: this.#permits.capacity });
  }

  #depth(): Depth {
    return { gate: this.#gate, held: this.#permits.held, waiting: this.#queue.size };
  }
}
