import type { Call } from "./call.ts";
import type { GateEvent, GateEventName, GateEvents, GateListener, Subject } from "./events.ts";
import type { GateInside } from "./inside.ts";
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
  readonly #gate: GateInside;
  #listeners: readonly { readonly name: string; readonly listener: GateListener }[] = [];
  #recorded: (() => void)[] = [];
  #delivering = false;

  constructor(gate: GateInside) {
    this.#gate = gate;
  }

  on(name: string, listener: GateListener): () => void {
    // An entry of its own, so that one function added twice is called twice and each removal removes its own.
    const entry = { name, listener };
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  /** Whether such an event is worth building. */
  wants(type: GateEventName): boolean {
    return LOUD.has(type) || (this.#listeners.length > 0 && this.#hearing(type).length > 0);
  }

  record<Name extends GateEventName, About extends Call | null>(
    type: Name,
    about: About,
    particulars: Particulars<Name, About>,
  ): void {
    if (!this.wants(type)) return;
    const { options, permits, queue } = this.#gate;
    const figures = { gate: options.name, held: permits.held, waiting: queue.size };
    const subject = about && subjectOf(about);
    const event = { type, ...figures, ...subject, ...particulars } as unknown as GateEvent;
    this.afterwards(() => this.#tell(event));
  }

  /** Has `action` run in its turn among the events. It must not throw. */
  afterwards(action: () => void): void {
    this.#recorded.push(action);
  }

  deliver(): void {
    if (this.#recorded.length === 0 || this.#delivering) return;
    this.#delivering = true;
    // It grows on the way.
    for (const action of this.#recorded) action();
    this.#recorded = [];
    this.#delivering = false;
  }

  #tell(event: GateEvent): void {
    const { type } = event;
    const hearing = this.#hearing(type);
    for (const { listener } of hearing) this.attempt(type, () => listener(event));
    if (hearing.length === 0 && LOUD.has(type)) this.#warn(type, event);
  }

  /** Runs something of the caller's; if it fails, that is a `fault` during `during`. */
  attempt(during: string, action: () => unknown): void {
    const fault = (error: unknown): void => {
      // A listener of faults that fails itself would go on for ever.
      if (during === "fault") return this.#warn("fault", error);
      this.record("fault", null, { during, error });
      this.deliver();
    };
    try {
      const result = action() as Partial<PromiseLike<unknown>> | null | undefined;
      result?.then?.(undefined, fault);
    } catch (error) {
      fault(error);
    }
  }

  #hearing(type: string): readonly { readonly listener: GateListener }[] {
    return this.#listeners.filter(({ name }) => name === type || name === "*");
  }

  #warn(what: string, detail: unknown): void {
    try {
      console.warn(`headgate: ${what} at gate "${this.#gate.options.name}"`, detail);
    } catch {
      // Nobody is left to tell, and whoever called the gate must get its permit.
    }
  }
}
