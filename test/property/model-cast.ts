import type { Permit } from "../../src/gate/index.ts";
import type { ModelCall } from "./model-call.ts";
import type { Trigger } from "./model-signals.ts";

/** One call on both sides. */
export class Actor {
  readonly call: ModelCall;
  readonly runs: boolean;
  readonly trigger: Trigger | undefined;
  id: string | undefined;
  permit: Permit | undefined;
  /** Ends the task of a `run`, once that has begun. */
  finish: ((error: Error | undefined) => void) | undefined;
  /** Of the present wait. */
  waitTrigger: Trigger | undefined;
  yielding: Promise<boolean> | undefined;

  constructor(call: ModelCall, runs: boolean, trigger: Trigger | undefined) {
    this.call = call;
    this.runs = runs;
    this.trigger = trigger;
    this.waitTrigger = trigger;
  }
}

const SPENT_PERMITS_KEPT = 8;

/** Everybody at the gate, and who among them a step can concern at this moment. */
export class Cast implements Iterable<Actor> {
  #actors: Actor[] = [];
  /** Permits that were given back, the latest few. */
  readonly spent: Permit[] = [];
  readonly #givenUp: Actor[] = [];

  join(actor: Actor): Actor {
    this.#actors.push(actor);
    return actor;
  }

  /** One that waited in vain, for somebody who repeats its call: nobody else can then. */
  takeGivenUp(): Actor | undefined {
    return this.#givenUp.pop();
  }

  /** Lets those go whose call is over. */
  dismiss(): void {
    const gone = this.#actors.filter(({ call, finish }) => call.state === "over" && finish === undefined);
    this.#actors = this.#actors.filter((actor) => !gone.includes(actor));
    this.#givenUp.push(...gone.filter(({ id, permit }) => id !== undefined && permit === undefined));
    this.spent.push(...gone.flatMap(({ permit }) => permit ?? []));
    this.spent.splice(0, this.spent.length - SPENT_PERMITS_KEPT);
  }

  of(call: ModelCall): Actor | undefined {
    return this.#actors.find((actor) => actor.call === call);
  }

  /** Who has a permit in hand, be it parked. */
  get permitted(): readonly Actor[] {
    return this.#actors.filter(({ call, permit }) => permit !== undefined && call.state !== "over");
  }

  get waiting(): readonly Actor[] {
    return this.#actors.filter(({ call }) => call.state === "waiting" || call.state === "parked");
  }

  get interruptible(): readonly Actor[] {
    return this.#actors.filter(({ waitTrigger }) => waitTrigger !== undefined && !waitTrigger.model.aborted);
  }

  get running(): readonly Actor[] {
    return this.#actors.filter(({ finish }) => finish !== undefined);
  }

  [Symbol.iterator](): Iterator<Actor> {
    return this.#actors.values();
  }
}

export function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items.length === 0 ? undefined : items[index % items.length];
}
