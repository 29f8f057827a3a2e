import type { Call } from "./call.ts";
import type { GateState, Subject } from "./events.ts";
import type { Permits } from "./permits.ts";

export interface HolderSnapshot extends Subject {
  /** Milliseconds since it last got the permit. */
  readonly heldMs: number;
  /** Milliseconds it waited for it, in all. */
  readonly waitedMs: number;
  readonly preemptible: boolean;
  /** Asked to step aside and still holding. */
  readonly parkRequested: boolean;
}

export interface WaiterSnapshot extends Subject {
  /** 1 for the next in order. */
  readonly position: number;
  /** Milliseconds of the present wait. */
  readonly waitedMs: number;
  /** Already ran and stepped aside. */
  readonly parked: boolean;
}

/** A gate at one moment: plain data, safe to keep and to serialise. */
export interface GateSnapshot {
  readonly gate: string;
  readonly state: GateState;
  readonly capacity: number;
  readonly held: number;
  readonly waiting: number;
  /** Oldest grant first. */
  readonly holders: readonly HolderSnapshot[];
  /** In the order they would be dispatched if every permit suited everybody. */
  readonly waiters: readonly WaiterSnapshot[];
}

export function subjectOf(call: Call): Subject {
  return { id: String(call.sequence), priority: call.priority, label: call.details?.label };
}

export function snapshotOf(
  gate: string,
  state: GateState,
  permits: Permits,
  holders: Iterable<Call>,
  waiters: readonly Call[],
  now: number,
): GateSnapshot {
  return {
    gate,
    state,
    capacity: permits.capacity,
    held: permits.held,
    waiting: waiters.length,
    holders: Array.from(holders, (holder) => ({
      ...subjectOf(holder),
      heldMs: now - holder.since,
      waitedMs: holder.waitedMs ?? 0,
      preemptible: holder.details?.preemptible ?? false,
      parkRequested: holder.details?.parkRequested ?? false,
    })),
    waiters: waiters.map((waiter, index) => ({
      ...subjectOf(waiter),
      position: index + 1,
      waitedMs: now - waiter.since,
      parked: waiter.state === "parked",
    })),
  };
}
