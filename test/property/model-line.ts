import { outranks, sooner, type Call } from "../../src/gate/call.ts";

/** A waiting line as naively as it can be written: an array, sorted anew for every question. */
export class SortedLine {
  readonly #waiters: Call[] = [];

  add(waiter: Call): void {
    this.#waiters.push(waiter);
  }

  remove(waiter: Call): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
  }

  get inOrder(): readonly Call[] {
    return this.#waiters.toSorted((a, b) => (sooner(a, b) ? -1 : 1));
  }

  get parked(): number {
    return this.#waiters.filter(({ state }) => state === "parked").length;
  }

  /** Of those who never ran. */
  get last(): Call | undefined {
    return this.inOrder.findLast(({ state }) => state !== "parked");
  }

  countOutranking(holder: Call): number {
    return this.#waiters.filter((waiter) => outranks(waiter, holder)).length;
  }
}
