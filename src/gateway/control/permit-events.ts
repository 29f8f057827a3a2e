import type { GateError } from "../../gate/index.ts";

/** One line of a permit's stream. */
export type PermitEvent =
  /** In line; 1 is next. */
  | { readonly event: "waiting"; readonly id: string; readonly position: number }
  /** The permit is held from here on. `priority` is what counts after the key's ceiling; `waitedMs` is in all. */
  | { readonly event: "granted"; readonly id: string; readonly waitedMs: number; readonly priority: number }
  | { readonly event: "heartbeat" }
  /** A sooner call waits: yield or release, please. */
  | { readonly event: "preempt" }
  /** Stepped aside; `granted` or `error` follows. */
  | { readonly event: "parked" }
  /** The last line: the permit was given back. */
  | { readonly event: "released" }
  /** The last line: no permit, or no longer. */
  | PermitErrorEvent;

/** The fields of a `GateError`, for a client that wants to throw the same one. */
export interface PermitErrorEvent extends Partial<Pick<GateError, "stage" | "waitedMs" | "waiting">> {
  readonly event: "error";
  readonly code: string;
  readonly message: string;
}
