import type { Call } from "./call.ts";
import type { GateEvent, GateEventName, GateEvents, GateListener, Subject } from "./events.ts";
import type { Permits } from "./permits.ts";
import type { Queue } from "./queue.ts";
import { subjectOf } from "./snapshot.ts";

declare const console: { warn(message: string, event: unknown): void };

/** Somebody must hear of these: without a listener they go to the console. */
const LOUD: ReadonlySet<string> = new Set<GateEventName>(["starvation", "leak", "fault"]);

/** What an event says beyond its gate's figures and the call it is about. */
type Particulars<Name extends GateEventName, About> = Omit<
  GateEvents[Name],
  "gate" | "held" | "waiting" | (About extends Call ? keyof Subject : never)
>;

/**
 * Tells what a gate does. Events are recorded during an operation, with the figures of their moment, and delivered at its end,
 * when the state is final. What listeners cause meanwhile is queued behind, so everybody sees one order. A listener that throws or
 * rejects becomes a `fault`.
 */
export class Reporter {
  readonly #gate: string;
  readonly #permits: Permits;
  readonly #queue: Queue;
  readonly #listeners = new Map<string, Set<GateListener>>();
  /** A function is something of the caller's that is to be called in its turn among the events. */
  #recorded: (GateEvent | (() => void))[] = [];
  #delivering = false;

  constructor(gate: string, permits: Permits, queue: Queue) {
    this.#gate = gate;
    this.#permits = permits;
    this.#queue = queue;
  }

  on(name: string, listener: GateListener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Wrapped, so that one function added twice is called twice and each removal removes its own.
    const own: GateListener = (event) => listener(event);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
    };
  }

  /** Whether such an event is worth building. */
  wants(name: GateEventName): boolean {
    return LOUD.has(name) || (this.#listeners.size > 0 && (this.#listeners.has(name) || this.#listeners.has("*")));
  }

  record<Name extends GateEventName, About extends Call | null>(
    type: Name,
    about: About,
    particulars: Particulars<Name, About>,
  ): void {
    if (!this.wants(type)) return;
    const figures = { gate: this.#gate, held: this.#permits.held, waiting: this.#queue.size };
    const subject = about === null ? null : subjectOf(about);
    this.#recorded.push({ type, ...figures, ...subject, ...particulars } as unknown as GateEvent);
  }

  afterwards(action: () => void): void {
    this.#recorded.push(action);
  }

  deliver(): void {
    if (this.#recorded.length === 0 || this.#delivering) return;
    this.#delivering = true;
    while (this.#recorded.length > 0) {
      const batch = this.#recorded;
      this.#recorded = [];
      for (const entry of batch) {
        if (typeof entry === "function") this.attempt("callback", entry);
        else this.#tell(entry);
      }
    }
    this.#delivering = false;
  }

  #tell(event: GateEvent): void {
    const { type, gate } = event;
    const listeners = [...(this.#listeners.get(type) ?? []), ...(this.#listeners.get("*") ?? [])];
    for (const listener of listeners) this.attempt(type, () => listener(event));
    if (listeners.length === 0 && LOUD.has(type)) warn(`headgate: ${type} at gate "${gate}"`, event);
  }

  /** Runs something of the caller's; if it fails, that is a `fault` during `during`. */
  attempt(during: string, action: () => unknown): void {
    const fault = (error: unknown): void => {
      // A listener of faults that fails itself would go on for ever.
      if (during === "fault") return warn(`headgate: a fault listener of gate "${this.#gate}" failed`, error);
      this.record("fault", null, { during, error });
      this.deliver();
    };
    try {
      const result = action();
      if (isThenable(result)) result.then(undefined, fault);
    } catch (error) {
      fault(error);
    }
  }
}

function warn(message: string, detail: unknown): void {
  try {
    console.warn(message, detail);
  } catch {
    // Nobody is left to tell, and whoever called the gate must get its permit.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
