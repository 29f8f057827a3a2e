/**
 * The words of the naive model: a call, a signal, a promise. Written from what the gate promises, never from its sources.
 */

/** An abort signal as the model sees it. */
export interface ModelSignal {
  aborted: boolean;
}

/** A promise the gate gave out, and what must have become of it: `undefined` while it must be pending. */
export class Promised {
  readonly what: string;
  outcome: string | undefined;

  constructor(what: string, outcome?: string) {
    this.what = what;
    this.outcome = outcome;
  }

  settle(outcome: string): void {
    if (this.outcome !== undefined) throw new Error(`the model settles ${this.what} twice`);
    this.outcome = outcome;
  }
}

export interface ModelRequest {
  readonly name: string;
  readonly label: string | undefined;
  readonly priority: number;
  readonly preemptible: boolean;
  readonly signal: ModelSignal | undefined;
  readonly timeoutMs: number;
  /** Where it stands: the place of an earlier call, or one right behind another. */
  readonly place?: Pick<ModelCall, "number" | "arrivedAt"> | undefined;
}

export class ModelCall {
  readonly name: string;
  readonly label: string | undefined;
  readonly preemptible: boolean;
  readonly signal: ModelSignal | undefined;
  readonly number: number;
  readonly arrivedAt: number;
  priority: number;
  state: "waiting" | "held" | "parked" | "over" = "waiting";
  since: number;
  waitedMs = 0;
  /** Asked to step aside, and has not answered. */
  asked = false;
  /** Of the present wait. */
  waitSignal: ModelSignal | undefined;
  deadline: number = Infinity;
  promised: Promised;

  constructor(request: ModelRequest, number: number, now: number) {
    this.name = request.name;
    this.label = request.label;
    this.priority = request.priority;
    this.preemptible = request.preemptible;
    this.signal = request.signal;
    this.number = request.place?.number ?? number;
    this.arrivedAt = request.place?.arrivedAt ?? now;
    this.since = this.arrivedAt;
    this.promised = new Promised(request.name);
  }
}

/** Smallest key first; then the smaller priority number, then the earlier arrival. */
export function comesBefore(a: ModelCall, b: ModelCall, agingMs: number | undefined): boolean {
  if (agingMs !== undefined) {
    const dueA = a.arrivedAt + (agingMs / 100) * a.priority;
    const dueB = b.arrivedAt + (agingMs / 100) * b.priority;
    if (dueA !== dueB) return dueA < dueB;
  }
  if (a.priority !== b.priority) return a.priority < b.priority;
  return a.number < b.number;
}
