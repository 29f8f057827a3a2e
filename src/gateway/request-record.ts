import { randomUUID } from "node:crypto";
import type { GateErrorCode } from "../gate/index.ts";
import type { DialectName } from "../protocol/route.ts";
import type { UpstreamFailureCode } from "../relay/upstream-failure.ts";
import type { PhaseStart } from "./phase.ts";

/** How a request ended; the only label of its kind in metrics. */
export type Outcome =
  | "finished"
  | "client_closed"
  | "refused"
  | "upstream_error"
  | UpstreamFailureCode
  | GateErrorCode
  | "internal_error";

/** One request on its way through the gateway, for the log line, the metrics and the live view. Times are gate-clock ms. */
export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly arrivedAt: number;
  readonly arrivedAtEpochMs: number;
  /** The key's name, or "local". Never a key. */
  client: string;
  dialect: DialectName | undefined;
  model: string | undefined;
  upstream: string | undefined;
  /** Whether the model server has one task with it, and not several. */
  countsAsOne: boolean;
  gate: string | undefined;
  /** The id that the gate knows the waiter by. */
  gateId: string | undefined;
  priority: number | undefined;
  /** Where the priority came from: "header", "path", "rule 2" … */
  prioritySource: string | undefined;
  state: "reading" | "waiting" | "running" | "parked" | "over";
  /** What went on with it since it first waited or ran, oldest first. */
  readonly phases: PhaseStart[];
  grantedAt: number | undefined;
  firstTokenAt: number | undefined;
  endedAt: number | undefined;
  outcome: Outcome | undefined;
  status: number;
  /** How often it stepped aside, and how often it was begun anew for it. */
  parks: number;
  restarts: number;
  promptTokens: number | undefined;
  completionTokens: number | undefined;
}

export function openRecord(
  method: string,
  path: string,
  arrivedAt: number,
  id: string = `req_${randomUUID().replaceAll("-", "")}`,
): RequestRecord {
  return {
    id,
    method,
    path,
    arrivedAt,
    arrivedAtEpochMs: Date.now(),
    client: "local",
    dialect: undefined,
    model: undefined,
    upstream: undefined,
    countsAsOne: true,
    gate: undefined,
    gateId: undefined,
    priority: undefined,
    prioritySource: undefined,
    state: "reading",
    phases: [],
    grantedAt: undefined,
    firstTokenAt: undefined,
    endedAt: undefined,
    outcome: undefined,
    status: 0,
    parks: 0,
    restarts: 0,
    promptTokens: undefined,
    completionTokens: undefined,
  };
}

/** Milliseconds from the arrival to the permit, or to the end for a request that got none. */
export function waitedMs(record: RequestRecord): number {
  return (record.grantedAt ?? record.endedAt ?? record.arrivedAt) - record.arrivedAt;
}
