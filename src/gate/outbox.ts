import type { GateEvent, GateEventName, GateListener } from "./events.ts";

declare const console: { warn(message: string, ...rest: unknown[]): void };

/** Somebody must hear of these: without a listener they go to the console. */
const LOUD = {
  starvation: (event: GateEvent<"starvation">) =>
    `headgate: ${event.count} waiter(s) of gate "${event.gate}" passed ${event.thresholdMs} ms; the oldest (priority ${event.oldest.priority}) has waited ${Math.round(event.oldest.waitedMs)} ms, ${event.waiting} waiting, ${event.held} held`,
  leak: (event: GateEvent<"leak">) =>
    `headgate: a permit of gate "${event.gate}" (${event.label ?? `id ${event.id}`}) was garbage-collected unreleased after ${Math.round(event.heldMs)} ms and stays held; release it in finally, or with \`using\``,
  fault: (event: GateEvent<"fault">) => `headgate: a listener of gate "${event.gate}" failed on "${event.during}":`,
};

/** Something of the caller's to be called in its turn among the events. */
interface Action {
  readonly type: "action";
  readonly during: string;
  readonly run: () => void;
}

/**
 * Delivers events after the state they report is final: `record` during an operation, `deliver` at its end. What listeners
 * cause meanwhile is queued behind, so everybody sees one order. A listener that throws or rejects becomes a `fault`.
 */
export class Outbox {
  readonly #listeners = new Map<string, Set<GateListener>>();
  readonly #onFault: (during: string, error: unknown) => void;
  #recorded: (GateEvent | Action)[] = [];
  #delivering = false;

  /** `onFault` records the `fault` event, with the figures of the moment. */
  constructor(onFault: (during: string, error: unknown) => void) {
    this.#onFault = onFault;
  }

  on(name: string, listener: GateListener): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    // Wrapped, so that one function added twice is called twice and each removal removes its own.
    const own: GateListener = (event) => listener(event);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
    };
  }

  /** Whether it is worth building such an event. */
  wants(name: GateEventName): boolean {
    return this.#listeners.size > 0 && (this.#listeners.has(name) || this.#listeners.has("*"));
  }

  record(event: GateEvent): void {
    this.#recorded.push(event);
  }

  /** Runs `action` with the events; if it throws, that is a `fault` during `during`. */
  afterwards(during: string, run: () => void): void {
    this.#recorded.push({ type: "action", during, run });
  }

  deliver(): void {
    if (this.#recorded.length === 0 || this.#delivering) return;
    this.#delivering = true;
    while (this.#recorded.length > 0) {
      const batch = this.#recorded;
      this.#recorded = [];
      for (const entry of batch) {
        if (entry.type === "action") this.#act(entry);
        else this.#tell(entry);
      }
    }
    this.#delivering = false;
  }

  #tell(event: GateEvent): void {
    const named = this.#listeners.get(event.type);
    const all = this.#listeners.get("*");
    if (named === undefined && all === undefined) {
      speakUp(event);
      return;
    }
    for (const listener of [...(named ?? []), ...(all ?? [])]) this.#call(listener, event);
  }

  #call(listener: GateListener, event: GateEvent): void {
    const fault = (error: unknown): void => {
      if (event.type === "fault") console.warn(LOUD.fault(event), error);
      else this.#fault(event.type, error);
    };
    try {
      const result = listener(event);
      if (isThenable(result)) result.then(undefined, fault);
    } catch (error) {
      fault(error);
    }
  }

  #act({ during, run }: Action): void {
    try {
      run();
    } catch (error) {
      this.#fault(during, error);
    }
  }

  #fault(during: string, error: unknown): void {
    this.#onFault(during, error);
    this.deliver();
  }
}

function speakUp(event: GateEvent): void {
  if (event.type === "starvation") console.warn(LOUD.starvation(event));
  else if (event.type === "leak") console.warn(LOUD.leak(event));
  else if (event.type === "fault") console.warn(LOUD.fault(event), event.error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
