import type { AbortSignalLike } from "./abort.ts";
import type { Call } from "./call.ts";
import { check } from "./check.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { GateEventName, GateListener, GateState } from "./events.ts";
import { checkCount, checkWaitOptions, resolveGateOptions, type AcquireOptions, type GateOptions } from "./options.ts";
import { Permit } from "./permit.ts";
import { checkPriority, type Priority } from "./priority.ts";
import { snapshotOf, type GateSnapshot } from "./snapshot.ts";

/** What {@link Gate.tryAcquire} takes: nothing that concerns waiting. */
export type TryAcquireOptions = Pick<AcquireOptions, "priority" | "preemptible" | "label">;

/**
 * A priority semaphore: `capacity` permits, given to the call of the **smallest priority number** first, and among equals in
 * order of arrival.
 *
 * A released permit is handed to the next waiter within the releasing call, so no newcomer overtakes a chosen waiter. A
 * holder is never interrupted; one that offered to (`preemptible`) is asked. No call is lost: each ends as one permit, one
 * rejection, or its caller's own abort.
 *
 * It lives in one process and one thread and keeps nothing on disk.
 *
 * @example
 * const gate = new Gate();
 * const answer = await gate.run(() => model.chat(question), { priority: Priority.FOREGROUND });
 */
export class Gate {
  declare readonly name: string;
  readonly #dispatcher: Dispatcher;

  /**
   * @param options - a number is short for `{ capacity }`.
   * @throws {TypeError | RangeError} naming the option and its value.
   */
  constructor(options: GateOptions | number = {}) {
    const resolved = resolveGateOptions(typeof options === "number" ? { capacity: options } : options);
    this.name = resolved.name;
    this.#dispatcher = new Dispatcher(resolved);
  }

  get capacity(): number {
    return this.#dispatcher.permits.capacity;
  }

  /** Permits given out: at most `capacity`, except right after a shrink. */
  get held(): number {
    return this.#dispatcher.permits.held;
  }

  /** Those of them held by priorities up to `reserved.priority`; all of them on a gate without a reservation. */
  get heldWithin(): number {
    return this.#dispatcher.permits.heldWithin;
  }

  /** Calls in line, parked ones included. */
  get waiting(): number {
    return this.#dispatcher.queue.size;
  }

  get state(): GateState {
    return this.#dispatcher.state;
  }

  /**
   * Waits for a permit. A free gate grants at once, without queueing.
   *
   * Does not bound how long the permit is held: whoever gets it must release it (`using`, or {@link Gate.run}). Once the
   * promise is settled the permit is the caller's, whatever the signal does afterwards.
   *
   * On rejection nothing is held, and the line is as if this call had not been made.
   *
   * @returns a permit. Rejects with a `GateError` (`queue_full`, `draining`, `closed` at arrival; `queue_timeout`,
   *   `displaced`, `cancelled`, `closed` while waiting), or with `signal.reason` when aborted.
   * @throws {TypeError | RangeError} synchronously, for an unusable option.
   *
   * @example
   * using permit = await gate.acquire({ priority: Priority.FOREGROUND, signal, timeoutMs: 30_000 });
   */
  acquire(options?: AcquireOptions): Promise<Permit> {
    return Promise.resolve(this.#enter(options));
  }

  /**
   * A permit if one is free this moment, else `undefined`. Never overtakes a waiter that could use it.
   *
   * @throws {TypeError | RangeError} for an unusable priority.
   *
   * @example
   * const permit = gate.tryAcquire() ?? (await gate.acquire());
   */
  tryAcquire(options?: TryAcquireOptions): Permit | undefined {
    return this.#dispatcher.grant(this.#priorityOf(options), options);
  }

  /**
   * Calls `task` with a permit and releases it however `task` ends. If a permit is free, `task` starts within this call.
   *
   * @returns what `task` returns, or rejects with what it throws. Rejects like {@link Gate.acquire} when no permit came; then,
   *   and when the signal was aborted before `task` could start, `task` is not called.
   * @throws {TypeError | RangeError} synchronously, for an unusable argument.
   */
  run<Result>(task: (permit: Permit) => Result | PromiseLike<Result>, options?: AcquireOptions): Promise<Result> {
    check(typeof task === "function", "task", task, "a function");
    return perform(this.#enter(options), task, options?.signal);
  }

  /**
   * Changes the capacity. Growing dispatches at once; below `held` nothing is revoked, and nobody new runs until enough
   * permits came back.
   *
   * @throws {TypeError | RangeError} unless `capacity` is a whole number from 0, or Infinity.
   */
  resize(capacity: number): void {
    this.#dispatcher.permits.capacity = checkCount("capacity", capacity);
    this.#dispatcher.turn(this.state);
  }

  /**
   * Changes how many permits are reserved for the gate's `reserved.priority` and sooner. With as many as the capacity, everybody
   * beyond waits. Nothing is revoked.
   *
   * @throws {TypeError} on a gate that was made without `reserved` ({ permits: 0 } will do).
   * @throws {TypeError | RangeError} unless `permits` is a whole number from 0, or Infinity.
   */
  reserve(permits: number): void {
    checkCount("permits", permits);
    const { reserved } = this.#dispatcher.options;
    check(reserved !== undefined, "reserved", reserved, "an option of the gate");
    this.#dispatcher.permits.reserved = { ...reserved!, permits };
    this.#dispatcher.finish();
  }

  /** Stops dispatching; calls keep queueing, holders keep holding. No effect on a draining or closed gate. */
  pause(): void {
    if (this.state === "open") this.#dispatcher.turn("paused");
  }

  /** Dispatches again. No effect on a gate that is not paused. */
  unpause(): void {
    if (this.state === "paused") this.#dispatcher.turn("open");
  }

  /**
   * Admits nobody new and lets everyone who is here run, a pause notwithstanding. Resolves, with the gate closed, when the
   * last permit is back. With capacity 0 and waiters that takes a `resize`.
   */
  drain(): Promise<void> {
    if (this.state === "open" || this.state === "paused") this.#dispatcher.turn("draining");
    return this.#dispatcher.idle();
  }

  /** Ends every waiter with a `GateError` `closed` and admits nobody. Holders keep their permits and may release them. */
  close(reason: string = "the gate is closed"): void {
    if (this.state === "closed") return;
    for (const call of this.#dispatcher.queue.inOrder()) this.#dispatcher.waits.end(call, "closed", reason);
    this.#dispatcher.turn("closed");
  }

  /**
   * Ends one waiter with a `GateError` `cancelled`. Returns whether such a waiter was there; never touches a holder.
   * Takes time in proportion to the line: it is for operators; programs abort a signal.
   */
  cancel(id: string): boolean {
    return this.#change(id, (call) => this.#dispatcher.waits.end(call, "cancelled", "cancelled by id"));
  }

  /**
   * Gives one waiter another priority; its arrival stays, so it stands where it would have stood with it from the start.
   * Returns whether such a waiter was there. Takes time in proportion to the line.
   *
   * @throws {TypeError | RangeError} for an unusable priority.
   */
  reprioritise(id: string, priority: Priority): boolean {
    const checked = checkPriority(priority, this.#dispatcher.options.msPerPriority > 0);
    return this.#change(id, (call) => this.#dispatcher.reprioritise(call, checked));
  }

  /** Everyone at the gate at this moment. Sorts the line: not for every request. */
  snapshot(): GateSnapshot {
    return snapshotOf(this.#dispatcher);
  }

  /**
   * Calls `listener` for each event of one kind, or of all with `"*"`, synchronously after the change it reports is final.
   * It may call the gate. What it throws, or rejects with, becomes a `fault` event and harms nobody.
   *
   * @returns a function that takes the listener off again.
   */
  on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): () => void;
  on(name: "*", listener: GateListener): () => void;
  on(name: string, listener: GateListener<never>): () => void {
    return this.#dispatcher.reporter.on(name, listener as GateListener);
  }

  /** `close()`, then waits for the holders. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#dispatcher.idle();
  }

  #enter(options: AcquireOptions | undefined): Permit | Promise<Permit> {
    const priority = this.#priorityOf(options);
    checkWaitOptions(options);
    return this.#dispatcher.acquire(priority, options);
  }

  #priorityOf(options: { readonly priority?: Priority | undefined } | undefined): Priority {
    const { defaultPriority, msPerPriority } = this.#dispatcher.options;
    const aged = msPerPriority > 0;
    if (options?.priority !== undefined) return checkPriority(options.priority, aged);
    return checkPriority(
      typeof defaultPriority === "function" ? defaultPriority() : defaultPriority,
      aged,
      "defaultPriority",
    );
  }

  /** Whether a waiter of that id was there. */
  #change(id: string, change: (waiter: Call) => void): boolean {
    for (const waiter of this.#dispatcher.queue) {
      if (waiter.id !== id) continue;
      change(waiter);
      this.#dispatcher.finish();
      return true;
    }
    return false;
  }
}

/** Starts `task` in this turn when the permit is there already. */
async function perform<Result>(
  granted: Permit | Promise<Permit>,
  task: (permit: Permit) => Result | PromiseLike<Result>,
  signal: AbortSignalLike | undefined,
): Promise<Result> {
  const permit = granted instanceof Permit ? granted : await granted;
  try {
    if (signal?.aborted) throw signal.reason;
    return await task(permit);
  } finally {
    permit.release();
  }
}
