import type { Call } from "./call.ts";
import type { GateState, Subject } from "./events.ts";
import type { GateInside } from "./inside.ts";

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

export function subjectOf({ id, priority, details }: Call): Subject {
  return { id, priority, label: details?.label };
}

export function snapshotOf(gate: GateInside): GateSnapshot {
  const { state, holders, queue, permits, options } = gate;
  const now = gate.tick();
  return {
    gate: options.name,
    state,
    capacity: permits.capacity,
    held: permits.held,
    waiting: queue.size,
    holders: Array.from(holders, (holder) => ({
      ...subjectOf(holder),
      heldMs: now - holder.since,
      waitedMs: holder.waitedMs ?? 0,
      preemptible: holder.details?.preemptible ?? false,
      parkRequested: Boolean(holder.details?.parkReason),
    })).toReversed(),
    waiters: Array.from(queue.inOrder(), (waiter, index) => ({
      ...subjectOf(waiter),
      position: index + 1,
      waitedMs: now - waiter.since,
      parked: waiter.state === "parked",
    })),
  };
}
