import type { GateErrorCode } from "./errors.ts";
import type { Priority } from "./priority.ts";

/** Whom an event is about. */
export interface Subject {
  readonly id: string;
  readonly priority: Priority;
  readonly label: string | undefined;
}

/** The gate's figures right after the change that the event reports. */
interface Depth {
  /** Name of the gate. */
  readonly gate: string;
  readonly held: number;
  readonly waiting: number;
}

/**
 * What a gate reports. Durations are milliseconds.
 *
 * Every call is told once as `reject`, or as `enqueue` and then `dispatch` or `evict`, or as `dispatch` alone when a permit was
 * free. Every `dispatch` is followed by a `release`, or by a `park` and another `dispatch` (`resumed`) or an `evict` (`parked`).
 */
export interface GateEvents {
  /** A call waits. */
  enqueue: Depth & Subject;
  /** A call has a permit. */
  dispatch: Depth & Subject & { readonly waitedMs: number; readonly queued: boolean; readonly resumed: boolean };
  /** A permit was given back. `heldMs` counts from the last dispatch. */
  release: Depth & Subject & { readonly waitedMs: number; readonly heldMs: number };
  /** A call was refused at arrival. */
  reject: Depth & {
    readonly code: GateErrorCode | "aborted";
    readonly priority: Priority;
    readonly label: string | undefined;
  };
  /** A waiter ended without a permit; `aborted` is its caller's own doing. */
  evict: Depth &
    Subject & { readonly code: GateErrorCode | "aborted"; readonly waitedMs: number; readonly parked: boolean };
  /** A holder was asked to step aside. */
  preempt: Depth & Subject & { readonly heldMs: number };
  /** A holder stepped aside. */
  park: Depth & Subject & { readonly heldMs: number };
  /** Waiters passed `starvationWarnMs` since the last such event: how many, and the one that has waited longest. */
  starvation: Depth & {
    readonly count: number;
    readonly thresholdMs: number;
    readonly oldest: Subject & { readonly waitedMs: number };
  };
  /** A permit was garbage-collected unreleased. It stays held. */
  leak: Depth & Subject & { readonly heldMs: number };
  /** The gate opened, paused, began to drain, closed, or changed its capacity. */
  state: Depth & { readonly state: GateState; readonly capacity: number };
  /** A listener threw. The gate is unharmed. */
  fault: Depth & { readonly during: string; readonly error: unknown };
}

/**
 * `open ⇄ paused`, and from either `draining` → `closed`, or `closed` at once. Paused gates queue and do not dispatch;
 * draining gates dispatch and do not queue; closed gates do neither.
 */
export type GateState = "open" | "paused" | "draining" | "closed";
export type GateEventName = keyof GateEvents;
/** An event with its name in `type`. */
export type GateEvent<Name extends GateEventName = GateEventName> = {
  [Key in Name]: { readonly type: Key } & GateEvents[Key];
}[Name];
export type GateListener<Name extends GateEventName = GateEventName> = (event: GateEvent<Name>) => unknown;
