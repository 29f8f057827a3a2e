import type { AbortControllerLike, AbortSignalLike } from "./abort.ts";
import type { Deadline } from "./deadlines.ts";
import type { Permit } from "./permit.ts";
import type { Priority } from "./priority.ts";

declare const AbortController: new () => AbortControllerLike;

/** A place in the order: waiters and holders have one alike, so that any two can be compared. */
export interface Place {
  /** The static order key: the priority itself, or with aging the moment this place falls due. */
  readonly key: number;
  readonly priority: Priority;
  /** Arrival number; unique in one gate, and the last tie-break. */
  readonly sequence: number;
}

/** Whether `a` is dispatched before `b`: by key, then priority, then arrival. A strict total order. */
export function sooner(a: Place, b: Place): boolean {
  if (a.key !== b.key) return a.key < b.key;
  if (a.priority !== b.priority) return a.priority < b.priority;
  return a.sequence < b.sequence;
}

/** Whether `waiter` may ask `holder` to step aside. Strict on both counts, so that two equals never send each other off. */
export function outranks(waiter: Place, holder: Place): boolean {
  return waiter.priority < holder.priority && sooner(waiter, holder);
}

/** `arriving` is a call not yet queued, `over` is final: released, or ended without a permit. */
export type CallState = "arriving" | "waiting" | "held" | "parked" | "over";

/** What the promise of a wait is settled with: the permit, `true` for a wait in `yield`, or a rejection. */
export type Settle = (outcome: Permit | true | Promise<never>) => void;

/**
 * One call for a permit, from arrival to release: the gate's own record, behind the caller's {@link Permit}.
 *
 *     arriving ──▶ waiting ──dispatch──▶ held ──release──▶ over
 *        │            │                  │  ▲
 *        └──at once───│──────────────────┘  │
 *                     │              yield  dispatch
 *                     │                  ▼  │
 *                     └──────┐         parked
 *                            ▼           ▼
 *                           over (abort, timeout, cancel, displacement, close; a parked one also by release)
 *
 * A parked call is the same record back in the line, so it keeps its place by itself. A million of these may wait, so it is
 * one flat object; what few calls need stands in {@link CallDetails}.
 */
export class Call implements Place {
  key: number;
  priority: Priority;
  readonly sequence: number;
  state: CallState = "arriving";
  /** When the present state began: the arrival, the grant or the park. */
  since: number;
  /**
   * Milliseconds spent waiting before the last grant, parked time included; `null` before the first, because a fraction is
   * boxed: 16 bytes for every waiter.
   */
  waitedMs: number | null = null;
  /** Neighbours in its run while it waits, in the list of holders while it holds. */
  previous: Call | null = null;
  next: Call | null = null;
  /** Where its run stands in the two heaps of the line, or -1. */
  headIndex = -1;
  tailIndex = -1;
  details: CallDetails | null = null;
  /**
   * Settles the pending wait; `null` when there is none. A rejection goes through it as a rejected promise: keeping `reject`
   * as well would hold another closure for every waiter, for the sake of one microtask in the rare case.
   */
  settle: Settle | null = null;
  /** The caller's handle, held strongly until the leak watch takes over; then `null`. */
  permit: Permit | null = null;

  constructor(key: number, priority: Priority, sequence: number, arrivedAt: number) {
    this.key = key;
    this.priority = priority;
    this.sequence = sequence;
    this.since = arrivedAt;
  }

  /** As callers and events name it. */
  get id(): string {
    return String(this.sequence);
  }
}

/** What only some calls have. */
export interface CallDetails {
  label?: string | undefined;
  preemptible?: boolean;
  /** The signal of the acquiring call; it also ends a wait in `yield`. */
  signal?: AbortSignalLike | undefined;
  /** The signal and the time limit of the present wait. */
  waitSignal?: AbortSignalLike | undefined;
  deadline?: Deadline | undefined;
  /** Why it was asked to step aside, until it answers. */
  parkReason?: unknown;
  /** Behind `permit.signal`; made when it is first read, or asks. */
  controller?: AbortControllerLike | undefined;
  /** The last `yield`; its callers share it while it waits. */
  yielding?: Promise<boolean>;
}

/** The details of `call`, made on first need. */
export function detailsOf(call: Call): CallDetails {
  return (call.details ??= {});
}

/** What is behind the `signal` of the permit of `call`, made on first need. */
export function controllerOf(call: Call): AbortControllerLike {
  return (detailsOf(call).controller ??= new AbortController());
}

/** Links `call` behind `tail`, the end of a list. */
export function append(call: Call, tail: Call | null): void {
  call.previous = tail;
  if (tail !== null) tail.next = call;
}

/** Takes `call` out of its list. */
export function unlink(call: Call): void {
  const { previous, next } = call;
  if (previous !== null) previous.next = next;
  if (next !== null) next.previous = previous;
  call.previous = null;
  call.next = null;
}
