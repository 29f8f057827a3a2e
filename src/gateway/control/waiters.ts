import { Refused } from "../refused.ts";
import type { RequestRecord } from "../request-record.ts";
import type { Control } from "./control.ts";

type Inside = Pick<Control, "gates" | "requests">;

/**
 * Ends the wait of one request or permit: its client is answered 503 `cancelled`.
 *
 * @throws {Refused} 404 for an unknown id, 409 when it does not wait.
 */
export function cancelWaiter(control: Inside, id: string): void {
  const record = recordOf(control, id);
  const { gate, gateId } = record;
  const group = gate === undefined ? undefined : control.gates.get(gate);
  if (gateId === undefined || group?.gate.cancel(gateId) !== true) throw notWaiting(record, "cancelled");
}

/**
 * Gives one waiting request another priority; its arrival stays. Returns its place in line, 1 for the next.
 *
 * @throws {Refused} 400 for a priority that the gate cannot order, 404 for an unknown id, 409 when it does not wait.
 */
export function moveWaiter(control: Inside, id: string, priority: number): number {
  const record = recordOf(control, id);
  const { gate: name, gateId } = record;
  const gate = name === undefined ? undefined : control.gates.get(name)?.gate;
  try {
    if (gateId === undefined || gate?.reprioritise(gateId, priority) !== true) throw notWaiting(record, "moved");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Refused("refused", { status: 400, code: "invalid_request", message: error.message, param: "priority" });
  }
  record.priority = priority;
  record.prioritySource = "operator";
  control.requests.changed(record);
  return gate.snapshot().waiters.find((waiter) => waiter.id === gateId)?.position ?? 0;
}

function recordOf({ requests }: Inside, id: string): RequestRecord {
  const record = requests.live.get(id);
  if (record !== undefined) return record;
  const message = `no request ${id} is inside; GET /headgate/status lists those that are`;
  throw new Refused("refused", { status: 404, code: "unknown_request", message, param: "id" });
}

function notWaiting({ id, state }: RequestRecord, done: string): Refused {
  const message = `request ${id} is ${state}; only one that waits at a gate can be ${done}`;
  return new Refused("refused", { status: 409, code: "not_waiting", message, param: "id" });
}
