import { GateError, type GateErrorCode, type GateStage } from "../gate/index.ts";

/**
 * What went wrong between this process and a gateway, as opposed to what a gate decided (a `GateError`).
 *
 * - `gateway_unreachable`: nobody answers there, or somebody who is no Headgate gateway. Nothing was acquired.
 * - `connection_lost`: the connection that was the permit, or the place in line, is gone.
 * - anything else is the gateway's own word for why it refuses the call: `invalid_api_key`, `unknown_upstream` …
 */
export class GatewayError extends Error {
  readonly code: string;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(code: string, message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GatewayError";
    this.code = code;
    this.status = options.status;
  }
}

/** An error as a gateway tells it, in an answer or in the last line of a stream. */
export interface ToldError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly stage?: unknown;
  readonly waitedMs?: unknown;
  readonly waiting?: unknown;
}

const GATE_CODES: ReadonlySet<string> = new Set<GateErrorCode>([
  "queue_full",
  "displaced",
  "queue_timeout",
  "cancelled",
  "draining",
  "closed",
  "preempted",
  "permit_released",
]);

/** The error that a gate in this process would have given; of what no gate says, a {@link GatewayError}. */
export function errorFrom(told: ToldError, stage: GateStage, status?: number): GateError | GatewayError {
  const code = String(told.code ?? "unknown");
  const message = String(told.message ?? "the gateway gave no reason");
  if (!GATE_CODES.has(code)) return new GatewayError(code, message, status === undefined ? {} : { status });
  const details = { waitedMs: numberOr0(told.waitedMs), waiting: numberOr0(told.waiting) };
  return new GateError(code as GateErrorCode, (told.stage as GateStage | undefined) ?? stage, message, details);
}

function numberOr0(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
