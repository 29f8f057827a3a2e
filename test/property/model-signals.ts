import type { AbortSignalLike } from "../../src/gate/index.ts";
import type { ModelSignal } from "./model-call.ts";

type Listener = () => void;

/** A signal of another make than the platform's, which counts its listeners and refuses to count one twice. */
export class CountingSignal implements AbortSignalLike {
  readonly #listeners = new Set<Listener>();
  aborted = false;
  reason: unknown;

  get listeners(): number {
    return this.#listeners.size;
  }

  addEventListener(_type: "abort", listener: Listener): void {
    if (this.#listeners.has(listener)) throw new Error("listens already");
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: Listener): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener();
  }
}

/** One signal, on the real side and in the model. */
export interface Trigger {
  readonly signal: AbortSignalLike;
  readonly model: ModelSignal;
  /** What it aborts with: an object of its own, so that a rejection can be traced to it. */
  readonly reason: unknown;
  readonly abort: () => void;
}

export function platformTrigger(): Trigger {
  const controller = new AbortController();
  const reason = { cause: "the caller's own" };
  return { signal: controller.signal, model: { aborted: false }, reason, abort: () => controller.abort(reason) };
}

export function countingTrigger(): Trigger & { readonly signal: CountingSignal } {
  const signal = new CountingSignal();
  const reason = { cause: "the caller's own" };
  return { signal, model: { aborted: false }, reason, abort: () => signal.abort(reason) };
}
