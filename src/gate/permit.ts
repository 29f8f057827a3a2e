import type { AbortSignalLike, PlatformAbortSignal } from "./abort.ts";
import { controllerOf, type Call } from "./call.ts";
import type { Priority } from "./priority.ts";

/** Bounds of one wait in {@link Permit.yield}. */
export interface YieldOptions {
  /** Ends the wait; by default the signal given to `acquire`. */
  readonly signal?: AbortSignalLike | undefined;
  /** Milliseconds to wait at most; by default no limit. */
  readonly timeoutMs?: number | undefined;
}

/** What a permit may ask of its gate. */
export interface PermitOwner {
  release(call: Call): boolean;
  yield(call: Call, options: YieldOptions | undefined): Promise<boolean>;
}

/**
 * One unit of a gate's capacity, held in memory until `release()`. It cannot be taken away: a gate only ever *asks*, through
 * {@link Permit.signal}, and only a holder that acquired with `preemptible: true`.
 *
 * A permit that is forgotten (garbage-collected unreleased) stays held; the gate reports it once somebody waits for it.
 *
 * @example
 * using permit = await gate.acquire({ priority: Priority.FOREGROUND });
 */
export class Permit {
  readonly #owner: PermitOwner;
  readonly #call: Call;

  /** @internal Permits come from a gate. */
  constructor(owner: PermitOwner, call: Call) {
    this.#owner = owner;
    this.#call = call;
  }

  /** Names this call in events and snapshots; unique in its gate. */
  get id(): string {
    return this.#call.id;
  }

  get priority(): Priority {
    return this.#call.priority;
  }

  get label(): string | undefined {
    return this.#call.details?.label;
  }

  /** Milliseconds this call has spent waiting, the waits inside `yield` included. */
  get waitedMs(): number {
    return this.#call.waitedMs ?? 0;
  }

  /** Whether it was given back, by `release()` or by a `yield` whose wait failed. */
  get released(): boolean {
    return this.#call.state === "over";
  }

  /**
   * Aborts when the gate wants this permit for a sooner waiter; its reason is a `GateError` with code `preempted`.
   * Answer with `yield()` or `release()`; until then the permit stays held. A `yield()` that was asked for, or that waits, makes
   * the signal a fresh one: read it anew. Never aborts for a holder that did not ask for `preemptible`.
   */
  get signal(): PlatformAbortSignal {
    return controllerOf(this.#call).signal;
  }

  /**
   * Gives the permit on to the next waiter, within this call. Returns whether it was still held: a second call is a no-op
   * and never mints a permit. Releasing during a `yield` ends that wait.
   */
  release(): boolean {
    return this.#owner.release(this.#call);
  }

  /**
   * Lets sooner waiters go first. Keeps the permit and resolves `false` if nobody who could run now orders before this call;
   * otherwise gives it up, waits again **in the original place** (first in its class) and resolves `true`.
   * The wait is exempt from `maxWaiting` and `drain`. Calls during the wait share it.
   *
   * If the wait ends in vain the permit is released: rejects with a `GateError` of stage `parked`, or with `signal.reason`.
   *
   * @throws {GateError} `permit_released`, synchronously, when the permit was given back before.
   *
   * @example
   * for (const chunk of chunks) {
   *   await embed(chunk);
   *   await permit.yield();
   * }
   */
  yield(options?: YieldOptions): Promise<boolean> {
    return this.#owner.yield(this.#call, options);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
