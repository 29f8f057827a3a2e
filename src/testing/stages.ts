import type { Clock } from "../gate/index.ts";
import type { Served, ServedRequest, Stage } from "./served.ts";

/** Which request is meant: its number, or whatever fits. */
export type Which = number | ((request: ServedRequest) => boolean);

interface Waiter {
  readonly stage: Stage;
  readonly which: Which | undefined;
  resolve(request: ServedRequest): void;
  reject(error: Error): void;
}

/** Keeps the records, and tells whoever waits for a request to come so far. */
export class Stages {
  readonly #clock: Clock;
  readonly #remember: number;
  readonly #waiters = new Set<Waiter>();
  #served: Served[] = [];
  #closed = false;

  constructor(clock: Clock, remember: number) {
    this.#clock = clock;
    this.#remember = remember;
  }

  get served(): readonly ServedRequest[] {
    return this.#served;
  }

  add(served: Served): void {
    this.#served.push(served);
    // In halves, so that forgetting costs little.
    if (this.#served.length > 2 * this.#remember) this.#served = this.#served.slice(-this.#remember);
  }

  reach(served: Served, stage: Stage): void {
    served.at[stage] ??= this.#clock.now();
    for (const waiter of this.#waiters) {
      if (waiter.stage !== stage || !isMeant(served, waiter.which)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(served);
    }
  }

  async when(stage: Stage, which?: Which): Promise<ServedRequest> {
    const there = this.#served.find((served) => served.at[stage] !== undefined && isMeant(served, which));
    if (there !== undefined) return there;
    if (this.#closed) throw notReached(stage, which);
    const { promise, resolve, reject } = Promise.withResolvers<ServedRequest>();
    this.#waiters.add({ stage, which, resolve, reject });
    return promise;
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.reject(notReached(waiter.stage, waiter.which));
    this.#waiters.clear();
  }
}

function isMeant(served: ServedRequest, which: Which | undefined): boolean {
  if (which === undefined) return true;
  return typeof which === "number" ? served.id === which : which(served);
}

function notReached(stage: Stage, which: Which | undefined): Error {
  const whom = typeof which === "number" ? `request ${which}` : "such a request";
  return new Error(`the model server was closed before ${whom} was ${stage}`);
}
