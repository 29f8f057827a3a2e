/** Why a gate refused or ended something. Stable: programs may switch on it, and the gateway puts it on the wire. */
export type GateErrorCode =
  | "queue_full"
  | "displaced"
  | "queue_timeout"
  | "cancelled"
  | "draining"
  | "closed"
  | "preempted"
  | "permit_released";

/**
 * How far the call had come: `rejected` was never queued, `evicted` was queued and never ran,
 * `parked` ran, stepped aside and was not let in again, `running` holds (or held) a permit.
 */
export type GateStage = "rejected" | "evicted" | "parked" | "running";

/** The figures of the moment, for a message that says more than a code. */
export interface GateErrorDetails {
  readonly waitedMs: number;
  readonly waiting: number;
}

const BRAND: unique symbol = Symbol.for("headgate.GateError");

/**
 * Everything a gate ends a call with, except programmer errors (`TypeError`, `RangeError`, thrown at once) and the
 * caller's own abort (which rejects with `signal.reason` itself). Always a fresh instance.
 */
export class GateError extends Error {
  declare readonly code: GateErrorCode;
  declare readonly stage: GateStage;
  /** Milliseconds the call had waited. */
  declare readonly waitedMs: number;
  /** Waiters at the gate when the call ended, itself not counted. */
  declare readonly waiting: number;

  constructor(code: GateErrorCode, stage: GateStage, message: string, details: GateErrorDetails) {
    super(message);
    Object.assign(this, { name: "GateError", code, stage }, details);
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link GateError}, also when it comes from another copy of this package. */
export function isGateError(error: unknown): error is GateError {
  return (error as { readonly [BRAND]?: true } | null | undefined)?.[BRAND] === true;
}
