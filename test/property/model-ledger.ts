import assert from "node:assert/strict";
import { isGateError } from "../../src/gate/index.ts";
import type { ModelCall, Promised } from "./model-call.ts";

interface Entry {
  readonly promised: Promised;
  observed: string | undefined;
}

/** Every promise a gate gave out beside the model's idea of it, and the order in which permits reached their callers. */
export class Ledger {
  #entries: Entry[] = [];
  #served: string[] = [];

  /** Notes what becomes of `promise`: what it resolves to, or how it rejects. `reason` is that of the signal it waits under. */
  expect(promised: Promised, promise: Promise<string>, reason: unknown): void {
    const entry: Entry = { promised, observed: undefined };
    this.#entries.push(entry);
    promise.then(
      (outcome) => (entry.observed = outcome),
      (error: unknown) => (entry.observed = tellError(error, reason)),
    );
  }

  /** To be called when a permit reaches the caller by way of a promise. */
  served(call: ModelCall): void {
    this.#served.push(call.name);
  }

  /** Compares everything up to now. Precondition: what could settle has settled. */
  compare(served: readonly ModelCall[]): void {
    const order = this.#served;
    this.#served = [];
    assert.deepEqual(
      order,
      served.map(({ name }) => name),
      "the order of service",
    );
    for (const { promised, observed } of this.#entries) assert.equal(observed, promised.outcome, promised.what);
    this.#entries = this.#entries.filter(({ observed }) => observed === undefined);
  }

  /** The promises that are still pending. */
  get pending(): readonly string[] {
    return this.#entries.map(({ promised }) => promised.what);
  }
}

function tellError(error: unknown, reason: unknown): string {
  if (isGateError(error)) return `${error.code} ${error.stage}`;
  return error === reason ? "aborted" : String(error);
}
