import type { Call, CallState } from "./call.ts";
import { GateError, type GateErrorCode, type GateStage } from "./errors.ts";
import type { GateInside } from "./inside.ts";

const STAGES: Readonly<Record<CallState, GateStage>> = {
  arriving: "rejected",
  waiting: "evicted",
  parked: "parked",
  held: "running",
  over: "running",
};

/**
 * What `call` fails with: an aborted one with `reason` itself, any other with an error for which `reason` is a clause.
 * To be made when the call stands in line no more, and before its state changes.
 */
export function failure(gate: GateInside, call: Call, code: GateErrorCode | "aborted", reason: unknown): unknown {
  if (code === "aborted") return reason;
  const { state, priority, details, id } = call;
  const stage = STAGES[state];
  const waitedMs = stage === "running" ? (call.waitedMs ?? 0) : gate.time - call.since;
  const facts = `priority ${priority}, ${stage} after ${Math.round(waitedMs)} ms`;
  const message = `gate "${gate.options.name}": ${details?.label ?? `call ${id}`} (${facts}): ${String(reason)}`;
  return new GateError(code, stage, message, { waitedMs, waiting: gate.queue.size });
}

/** Why a call found no permit in time, with what its caller may have done wrong. */
export function whyNoPermit({ permits, holders, state }: GateInside, { since }: Call): string {
  const { held, capacity, reserved } = permits;
  const figures = `${held} of ${capacity} permits held, ${reserved?.permits ?? 0} reserved, gate ${state}`;
  // Nobody let go while this call waited: from inside, that is what waiting for oneself looks like.
  return state !== "paused" && holders.newest && holders.newest.since <= since
    ? `${figures}; a call made while holding one waits for itself (self-deadlock): pass that permit on`
    : figures;
}
