import type { GateState } from "../../gate/index.ts";
import type { RequestView } from "./status-view.ts";

/** One request, and why it took as long as it did. */
export interface Explanation extends RequestView {
  readonly outcome?: string | undefined;
  readonly status?: number | undefined;
  /** From its arrival to its permit, or to its end without one, or until now. */
  readonly waitedMs: number;
  /** From its arrival to the first token. */
  readonly firstTokenMs?: number | undefined;
  readonly totalMs?: number | undefined;
  readonly promptTokens?: number | undefined;
  readonly completionTokens?: number | undefined;
  /** What it met when it came; missing when it did not have to wait. */
  readonly met?: Met;
  /** Requests of each class that got a permit while it waited. */
  readonly meanwhile?: { readonly foreground: number; readonly background: number };
  /** The same for people. */
  readonly why: string;
}

/** How a gate was when somebody had to wait at it. */
export interface Met {
  readonly gate: string;
  readonly state: GateState;
  readonly capacity: number;
  /** Permits kept for the foreground. */
  readonly reserved: number;
  /** Those that waited already and were as soon or sooner. */
  readonly ahead: number;
  /** Those that had the permits. */
  readonly running: readonly RequestView[];
}
