import type { Gate, GateEvent } from "../gate/index.ts";

export type LogLevel = "info" | "warn";

export interface GateLogOptions {
  /** Takes one line without its end. @defaultValue info to stdout, warnings to stderr */
  readonly write?: ((line: string, level: LogLevel) => void) | undefined;
}

/**
 * A ready log subscriber: prints every event of a gate as one line, with priority, wait, hold and depth (who waits).
 * Starvation, leaks and faults of listeners are warnings.
 *
 * @returns the function that ends it.
 *
 * @example
 * logGate(gate);
 * // [gate] enqueue #7 priority=100 depth=3 held=1 label="POST /v1/embeddings"
 * // [gate] dispatch #7 priority=100 wait=1204ms depth=2 held=1 label="POST /v1/embeddings"
 * // [gate] release #7 priority=100 wait=1204ms hold=8031ms depth=2 held=1 label="POST /v1/embeddings"
 */
export function logGate(gate: Gate, options: GateLogOptions = {}): () => void {
  const write = options.write ?? toConsole;
  return gate.on("*", (event) => write(eventLine(event), eventLevel(event)));
}

export function eventLevel(event: GateEvent): LogLevel {
  return event.type === "starvation" || event.type === "leak" || event.type === "fault" ? "warn" : "info";
}

/** One event as one line. */
export function eventLine(event: GateEvent): string {
  const depth = ` depth=${event.waiting} held=${event.held}`;
  const name = labelOf(event);
  const label = name === undefined ? "" : ` label=${JSON.stringify(name)}`;
  const warn = eventLevel(event) === "warn" ? "WARN " : "";
  return `[${event.gate}] ${warn}${event.type}${factsOf(event)}${depth}${label}`;
}

function labelOf(event: GateEvent): string | undefined {
  if (event.type === "starvation") return event.oldest.label;
  return "label" in event ? event.label : undefined;
}

function factsOf(event: GateEvent): string {
  switch (event.type) {
    case "enqueue":
      return who(event);
    case "dispatch":
      return `${who(event)}${ms("wait", event.waitedMs)}${event.resumed ? " resumed" : ""}`;
    case "release":
      return `${who(event)}${ms("wait", event.waitedMs)}${ms("hold", event.heldMs)}`;
    case "reject":
      return ` priority=${event.priority} code=${event.code}`;
    case "evict":
      return `${who(event)} code=${event.code}${ms("wait", event.waitedMs)}${event.parked ? " parked" : ""}`;
    case "preempt":
    case "park":
    case "leak":
      return `${who(event)}${ms("hold", event.heldMs)}`;
    case "starvation":
      return `${who(event.oldest)}${ms("wait", event.oldest.waitedMs)} count=${event.count}${ms("threshold", event.thresholdMs)}`;
    case "state":
      return ` state=${event.state} capacity=${event.capacity}`;
    case "fault":
      return ` during=${event.during} error=${JSON.stringify(String(event.error))}`;
  }
}

function who(subject: { readonly id: string; readonly priority: number }): string {
  return ` #${subject.id} priority=${subject.priority}`;
}

function ms(name: string, value: number): string {
  return ` ${name}=${Math.round(value)}ms`;
}

function toConsole(line: string, level: LogLevel): void {
  if (level === "warn") console.warn(line);
  else console.log(line);
}
