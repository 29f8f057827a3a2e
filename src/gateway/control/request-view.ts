import type { HolderSnapshot, WaiterSnapshot } from "../../gate/index.ts";
import type { Identity } from "../keys.ts";
import { PERMITS } from "../request-phase.ts";
import type { RequestRecord } from "../request-record.ts";
import type { RequestView } from "./status-view.ts";

/** Somebody at a gate. */
export type AtGate = HolderSnapshot | WaiterSnapshot;

/** Whether it is the record of a permit over HTTP. */
export function isPermit({ path }: RequestRecord): boolean {
  return path === PERMITS;
}

/** What is to be seen of a request, where `seen` is how its gate sees it at this moment. */
export function viewOf(record: RequestRecord, seen?: AtGate): RequestView {
  const { id, path, gate, upstream, client, model, priority, prioritySource, grantedAt, firstTokenAt } = record;
  return {
    id,
    kind: isPermit(record) ? "permit" : "request",
    state: stateOf(record, seen),
    gate,
    upstream,
    client,
    // A request's label at its gate is its id.
    label: seen?.label === id ? undefined : seen?.label,
    model,
    path,
    // An operator may have changed it.
    priority: seen?.priority ?? priority,
    prioritySource,
    arrivedAt: record.arrivedAtEpochMs,
    grantedAt: grantedAt === undefined ? undefined : atEpoch(record, grantedAt),
    firstTokenAt: firstTokenAt === undefined ? undefined : atEpoch(record, firstTokenAt),
    phases: record.phases.map(([phase, at]) => [phase, atEpoch(record, at)]),
  };
}

function stateOf({ state }: RequestRecord, seen: AtGate | undefined): RequestView["state"] {
  if (seen === undefined) return state;
  if ("position" in seen) return seen.parked ? "parked" : "waiting";
  return "running";
}

/** A time of the gate's clock as one of the calendar. */
export function atEpoch({ arrivedAt, arrivedAtEpochMs }: RequestRecord, time: number): number {
  return Math.round(arrivedAtEpochMs + time - arrivedAt);
}

/** Whether all there is to know about a request of `client` may be told to `identity`. */
export function mayKnow({ role, client: own }: Identity, client: string | undefined): boolean {
  return role === "admin" || own === client;
}

/** What may be told of any request to anybody: that it is there, how soon it is, and how long it has been there. */
export function anonymous<View extends RequestView>(view: View): View {
  return {
    ...view,
    client: undefined,
    label: undefined,
    model: undefined,
    path: undefined,
    upstream: undefined,
    prioritySource: undefined,
  };
}
