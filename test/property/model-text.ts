import type { GateEvent, GateSnapshot } from "../../src/gate/index.ts";
import type { ModelGate } from "./model-gate.ts";

/** A gate on one line: what a failed comparison shows. */
export function tellSnapshot(snapshot: GateSnapshot): string {
  const holders = snapshot.holders.map(
    (holder) =>
      `${holder.label}@${holder.priority} held ${holder.heldMs} waited ${holder.waitedMs} ${holder.preemptible} ${holder.parkRequested}`,
  );
  const waiters = snapshot.waiters.map(
    (waiter) => `${waiter.position}. ${waiter.label}@${waiter.priority} waited ${waiter.waitedMs} ${waiter.parked}`,
  );
  const { state, held, capacity, waiting } = snapshot;
  return `${state} ${held} of ${capacity} [${holders.join(", ")}] waiting ${waiting} [${waiters.join(", ")}]`;
}

/** What {@link tellSnapshot} must say. */
export function tellModel({ state, capacity, now, holders, line }: ModelGate): string {
  const held = holders.map(
    (call) =>
      `${call.label}@${call.priority} held ${now - call.since} waited ${call.waitedMs} ${call.preemptible} ${call.asked}`,
  );
  const waiting = line.map(
    (call, index) =>
      `${index + 1}. ${call.label}@${call.priority} waited ${now - call.since} ${call.state === "parked"}`,
  );
  return `${state} ${holders.length} of ${capacity} [${held.join(", ")}] waiting ${line.length} [${waiting.join(", ")}]`;
}

/** An event as the model's log has it. When several end at once their order is open, so an eviction goes without figures. */
export function tellEvent(event: GateEvent): string {
  const depth = `held ${event.held} waiting ${event.waiting}`;
  switch (event.type) {
    case "dispatch": {
      const how = event.resumed ? "resumed" : event.queued ? "queued" : "unqueued";
      return `dispatch ${event.label} ${how} ${depth}`;
    }
    case "enqueue":
    case "release":
    case "preempt":
    case "park":
      return `${event.type} ${event.label}  ${depth}`;
    case "evict":
      return `evict ${event.label} ${event.code} ${event.parked ? "parked" : "evicted"}`;
    case "reject":
      return `reject ${event.label} ${event.code}`;
    case "state":
      return `state ${event.state} ${event.capacity}`;
    case "starvation":
    case "leak":
    case "fault":
      return `unforeseen: ${event.type}`;
  }
}
