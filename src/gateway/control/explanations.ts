import type { GateState } from "../../gate/index.ts";
import type { GateGroups } from "../gate-groups.ts";
import type { RequestLog, RequestObserver } from "../request-log.ts";
import type { RequestRecord } from "../request-record.ts";
import { GateCounts, type Granted } from "./gate-counts.ts";

/** What a request met when it had to wait, and what came of it. */
export interface Wait {
  readonly gate: string;
  readonly state: GateState;
  readonly capacity: number;
  /** Permits kept for the foreground at that moment. */
  readonly reserved: number;
  /** Those that waited already and were as soon or sooner. */
  readonly ahead: number;
  /** Those that had the permits. */
  readonly running: readonly RequestRecord[];
  /** Let in between its arrival and its own turn, or until now. */
  readonly meanwhile: Granted;
}

/** A request and its wait; `wait` is missing for one that never waited. */
export interface Explained {
  readonly record: RequestRecord;
  readonly wait?: Wait;
}

/** Requests that are over and can still be asked about. */
const KEPT = 1_000;

interface Noted extends Omit<Wait, "meanwhile"> {
  readonly before: Granted;
  after: Granted | undefined;
}

/**
 * Remembers why requests waited: who was in front, who ran, and who was let in meanwhile. This happens for every request, so it
 * counts and does not look at the line; and of the requests that are over it keeps only the last.
 */
export class Explanations implements RequestObserver {
  readonly #gates: GateGroups;
  readonly #requests: RequestLog;
  readonly #isForeground: (priority: number) => boolean;
  readonly #counts = new Map<string, GateCounts>();
  readonly #waits = new Map<string, Noted>();
  readonly #over = new Map<string, Explained>();

  constructor(gates: GateGroups, requests: RequestLog, isForeground: (priority: number) => boolean) {
    this.#gates = gates;
    this.#requests = requests;
    this.#isForeground = isForeground;
  }

  changed(record: RequestRecord): void {
    const { gate, priority, gateId, state } = record;
    if (gate === undefined || priority === undefined) return;
    // Who waits without an id of the gate's rides on a permit that is held already.
    if (state === "waiting" && gateId !== undefined) this.#enqueued(record, gate, priority);
    else if (state === "running") this.#dispatched(record, gate, priority);
  }

  closed(record: RequestRecord): void {
    if (record.gate !== undefined) this.#countsOf(record.gate).left(record);
    this.#over.set(record.id, this.#explain(record));
    this.#waits.delete(record.id);
    if (this.#over.size > KEPT) this.#over.delete(this.#over.keys().next().value!);
  }

  /** The request if it is inside or was among the last to leave. */
  find(id: string): Explained | undefined {
    const record = this.#requests.live.get(id);
    return record === undefined ? this.#over.get(id) : this.#explain(record);
  }

  #enqueued(record: RequestRecord, name: string, priority: number): void {
    const gate = this.#gates.get(name);
    if (gate === undefined || this.#waits.has(record.id)) return;
    const { state, capacity } = gate.gate;
    const counts = this.#countsOf(name);
    this.#waits.set(record.id, {
      gate: name,
      state,
      capacity,
      reserved: gate.reserved,
      ahead: counts.ahead(priority),
      running: counts.running,
      before: counts.granted,
      after: undefined,
    });
    counts.enqueued(record, priority);
  }

  #dispatched(record: RequestRecord, gate: string, priority: number): void {
    const counts = this.#countsOf(gate);
    const wait = this.#waits.get(record.id);
    // Before it counts itself.
    if (wait !== undefined) wait.after ??= counts.granted;
    counts.dispatched(record, this.#isForeground(priority));
  }

  #explain(record: RequestRecord): Explained {
    const noted = this.#waits.get(record.id);
    if (noted === undefined) return { record };
    const { before, after = this.#countsOf(noted.gate).granted, ...met } = noted;
    const meanwhile = {
      foreground: after.foreground - before.foreground,
      background: after.background - before.background,
    };
    return { record, wait: { ...met, meanwhile } };
  }

  #countsOf(gate: string): GateCounts {
    let counts = this.#counts.get(gate);
    if (counts === undefined) this.#counts.set(gate, (counts = new GateCounts()));
    return counts;
  }
}
