import type { Call } from "./call.ts";
import { GateError, type GateErrorCode } from "./errors.ts";
import type { Permits } from "./permits.ts";
import type { Queue } from "./queue.ts";

/** What an error says of its gate. */
export interface RefusingGate {
  readonly name: string;
  readonly permits: Permits;
  readonly queue: Queue;
}

/** The error of a call that was never queued. */
export function rejected({ name, queue }: RefusingGate, code: GateErrorCode, why: string): GateError {
  return new GateError(code, "rejected", `gate "${name}" ${why}`, { waitedMs: 0, waiting: queue.size });
}

/** The error of a call whose wait ends, and which still stands in line. */
export function ended(
  { name, queue }: RefusingGate,
  code: GateErrorCode,
  call: Call,
  now: number,
  why: string,
): GateError {
  const waitedMs = now - call.since;
  const whose = call.details?.label ?? `call ${call.sequence}`;
  const message = `gate "${name}": ${whose} (priority ${call.priority}) waited ${Math.round(waitedMs)} ms in vain: ${why}`;
  const stage = call.state === "parked" ? "parked" : "evicted";
  return new GateError(code, stage, message, { waitedMs, waiting: queue.size - 1 });
}

/** The error of a call that holds a permit, or held it. */
export function running({ name, queue }: RefusingGate, code: GateErrorCode, call: Call, why: string): GateError {
  const details = { waitedMs: call.waitedMs ?? 0, waiting: queue.size };
  return new GateError(code, "running", `gate "${name}": permit ${call.sequence}: ${why}`, details);
}

/** Why a call found no permit in time, with what its caller may have done wrong. */
export function whyNoPermit({ permits, queue }: RefusingGate, call: Call, holders: Iterable<Call>): string {
  const { held, capacity, reserved } = permits;
  // Who could run and waits nevertheless waits at a paused gate.
  if (permits.usableBy(call.priority)) return "the gate is paused";
  if (!permits.existFor(call.priority)) {
    return capacity > 0
      ? `all permits are reserved for priorities up to ${reserved!.priority}`
      : "the gate has capacity 0";
  }
  // Nobody let go while this call waited: from inside, that is what waiting for oneself looks like.
  let heldThroughout = true;
  for (const holder of holders) heldThroughout &&= holder.since <= call.since && holder.sequence < call.sequence;
  const hint = heldThroughout
    ? ", and none came free meanwhile; a call made while holding a permit of the same gate waits for itself (self-deadlock): pass that permit on"
    : "";
  return `time limit reached; ${held} of ${capacity} permits held, ${queue.size} waiting${hint}`;
}
