import { Call, detailsOf, sooner } from "./call.ts";
import type { GateErrorCode } from "./errors.ts";
import type { GateState } from "./events.ts";
import { Holders } from "./holders.ts";
import { checkWaitOptions, type AcquireOptions, type ResolvedGateOptions } from "./options.ts";
import { askHolders, mustStepAside } from "./parking.ts";
import { Permit, type PermitOwner, type YieldOptions } from "./permit.ts";
import { Permits } from "./permits.ts";
import type { Priority } from "./priority.ts";
import { Queue } from "./queue.ts";
import { ended, rejected, running, whyNoPermit, type RefusingGate } from "./refusals.ts";
import { Reporter } from "./reporter.ts";
import { snapshotOf, subjectOf, type GateSnapshot } from "./snapshot.ts";
import { Waits } from "./waits.ts";
import { Watch } from "./watch.ts";

/**
 * The state machine of a gate: who holds, who waits, who is next.
 *
 * Every operation runs in one synchronous turn: it changes the state, dispatches whoever can run, asks holders to step aside
 * where that helps, and only then lets user code run (`#finish`: listeners, park signals). So between two operations
 *
 * - a waiter is eligible only while the gate is paused: a free permit therefore means that a newcomer overtakes nobody;
 * - every call is in exactly one place: the queue, the holders, or over.
 */
export class Dispatcher implements PermitOwner, RefusingGate {
  state: GateState = "open";
  readonly name: string;
  readonly permits: Permits;
  readonly queue: Queue;
  readonly reporter: Reporter;
  readonly #options: ResolvedGateOptions;
  readonly #holders = new Holders();
  readonly #waits: Waits;
  readonly #watch: Watch;
  #idleListeners: (() => void)[] = [];
  #sequence = 0;
  #time = -Infinity;

  constructor(options: ResolvedGateOptions) {
    this.#options = options;
    this.name = options.name;
    this.permits = new Permits(options.capacity, options.reserved);
    this.queue = new Queue(this.permits, options.maxWaiting);
    this.reporter = new Reporter(options.name, this.permits, this.queue);
    this.#waits = new Waits(this.queue, options.clock, {
      expired: (calls) => this.#expire(calls),
      aborted: (calls, reason) => this.#abort(calls, reason),
    });
    this.#watch = new Watch(options, this.#holders, this.queue, {
      starving: (count, oldest, waitedMs) => {
        const worst = { ...subjectOf(oldest), waitedMs };
        this.reporter.record("starvation", null, { count, thresholdMs: options.starvationWarnMs, oldest: worst });
        this.#finish();
      },
      leaked: (holder) => {
        this.reporter.record("leak", holder, { heldMs: this.#now() - holder.since });
        this.#finish();
      },
    });
  }

  /** A permit at once, or `undefined`. */
  grant(priority: Priority, options: AcquireOptions | undefined): Permit | undefined {
    if (this.state !== "open" || !this.permits.usableBy(priority)) return undefined;
    const call = this.#arrive(priority, options);
    const permit = this.#hold(call);
    this.#told(call, false, false);
    this.#finish();
    return permit;
  }

  /** A permit, sooner or later. Precondition: the options are checked. */
  acquire(priority: Priority, options: AcquireOptions | undefined): Promise<Permit> {
    if (options?.signal?.aborted === true) {
      return this.#reject(options.signal.reason, "aborted", priority, options.label);
    }
    const permit = this.grant(priority, options);
    return permit === undefined ? this.#wait(priority, options) : Promise.resolve(permit);
  }

  #wait(priority: Priority, options: AcquireOptions | undefined): Promise<Permit> {
    const { state } = this;
    const { signal, label, timeoutMs, onEnqueue } = options ?? {};
    const refuse = (code: GateErrorCode, why: string): Promise<never> =>
      this.#reject(rejected(this, code, why), code, priority, label);
    if (state === "draining" || state === "closed") return refuse(state, `is ${state} and admits nobody`);
    const call = this.#arrive(priority, options);
    if (this.queue.full) {
      const last = this.queue.last();
      if (last === undefined || sooner(last, call)) {
        return refuse("queue_full", `is full (maxWaiting ${this.#options.maxWaiting}); retry later`);
      }
      this.#refuse(last, "displaced", `a call of priority ${priority} took the last place; retry later`, call.since);
    }
    const promise = this.#waits.begin(call, signal, timeoutMs) as Promise<Permit>;
    this.#watch.waiterJoined(call.since);
    this.reporter.record("enqueue", call, {});
    this.#askHolders(call.since);
    this.#finish();
    // Not one of the recorded actions: within a listener those come after this call has returned.
    if (onEnqueue !== undefined) this.reporter.attempt("onEnqueue", () => onEnqueue(call.id));
    return promise;
  }

  release(call: Call): boolean {
    if (call.state === "over") return false;
    if (call.state === "parked") {
      this.#refuse(call, "permit_released", "its permit was released during the yield");
    } else {
      const heldMs = this.reporter.wants("release") ? this.#now() - call.since : 0;
      this.#letGo(call, "over");
      this.#watch.over(call);
      this.reporter.record("release", call, { waitedMs: call.waitedMs ?? 0, heldMs });
      this.#dispatchAll();
    }
    this.#finish();
    return true;
  }

  yield(call: Call, options: YieldOptions | undefined): Promise<boolean> {
    if (options !== undefined) checkWaitOptions(options);
    if (call.state === "over")
      throw running(this, "permit_released", call, "it was given back before; acquire a new one");
    const details = detailsOf(call);
    if (details.yielding !== null) return details.yielding;
    if (this.state === "paused" || !mustStepAside(this, call)) {
      if (details.parkRequested) details.controller = null;
      this.#holders.answered(call);
      this.#askHolders(this.#now());
      this.#finish();
      return Promise.resolve(false);
    }
    const signal = options?.signal ?? details.signal;
    if (signal?.aborted === true) {
      this.release(call);
      return Promise.reject(signal.reason);
    }
    const now = this.#now();
    const heldMs = now - call.since;
    this.#letGo(call, "parked");
    // Fresh from here on, so that a signal read during the wait is the one that asks after it.
    details.controller = null;
    call.since = now;
    const yielding = this.#waits.begin(call, signal, options?.timeoutMs) as Promise<true>;
    details.yielding = yielding;
    this.#watch.waiterJoined(now);
    this.reporter.record("park", call, { heldMs });
    this.#dispatchAll();
    this.#finish();
    return yielding;
  }

  resize(capacity: number): void {
    this.permits.capacity = capacity;
    this.#turned();
  }

  /** Precondition: the gate was made with a reservation. */
  reserve(permits: number): void {
    this.permits.reserved = { ...this.permits.reserved!, permits };
    this.#dispatchAll();
    this.#finish();
  }

  /** From `open` and `paused` to another state. */
  turn(state: GateState): void {
    if (this.state === state) return;
    this.state = state;
    this.#turned();
  }

  close(reason = "the gate was closed"): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#tellState();
    for (const call of this.queue.inOrder()) this.#refuse(call, "closed", reason);
    this.#finish();
  }

  cancel(call: Call): void {
    this.#refuse(call, "cancelled", "it was cancelled by id");
    this.#finish();
  }

  /** The call keeps its arrival, so within its new priority it stands where it would have stood from the start. */
  reprioritise(call: Call, priority: Priority): void {
    const { msPerPriority } = this.#options;
    this.queue.remove(call);
    // From the arrival, so that equals stay in order to the last digit. A parked call has its arrival only in its key.
    call.key =
      msPerPriority > 0 && call.state === "parked"
        ? call.key + msPerPriority * (priority - call.priority)
        : this.#keyOf(priority, call.since);
    call.priority = priority;
    this.queue.add(call);
    this.#dispatchAll();
    this.#finish();
  }

  /** Resolves when nothing is held and nobody waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleListeners.push(resolve);
      this.#finish();
    });
  }

  snapshot(): GateSnapshot {
    return snapshotOf(this, this.#holders, this.#now());
  }

  /** Monotone, whatever the clock does. */
  #now(): number {
    const now = this.#options.clock.now();
    return now > this.#time ? (this.#time = now) : this.#time;
  }

  #keyOf(priority: Priority, arrivedAt: number): number {
    const { msPerPriority } = this.#options;
    return msPerPriority === 0 ? priority : arrivedAt + msPerPriority * priority;
  }

  #arrive(priority: Priority, options: AcquireOptions | undefined): Call {
    const now = this.#now();
    const call = new Call(this.#keyOf(priority, now), priority, ++this.#sequence, now);
    if (options === undefined) return call;
    const { label, preemptible = false, signal } = options;
    if (label === undefined && signal === undefined && !preemptible) return call;
    Object.assign(detailsOf(call), { label, preemptible, signal });
    return call;
  }

  #hold(call: Call): Permit {
    this.permits.take(call.priority);
    call.state = "held";
    this.#holders.add(call);
    return (call.permit = new Permit(this, call));
  }

  #letGo(call: Call, state: "parked" | "over"): void {
    this.#holders.remove(call);
    this.permits.giveBack(call.priority);
    call.state = state;
  }

  #dispatchAll(): void {
    if (this.state === "paused" || this.queue.size === 0) return;
    const now = this.#now();
    for (let call = this.queue.firstEligible(); call !== undefined; call = this.queue.firstEligible()) {
      const signal = call.details?.waitSignal;
      // Aborted, and not told yet: another listener of the same signal caused this very dispatch.
      if (signal?.aborted === true) this.#end(call, "aborted", signal.reason, now);
      else this.#dispatch(call, now);
    }
    this.#askHolders(now);
  }

  #dispatch(call: Call, now: number): void {
    const settle = this.#waits.end(call);
    call.waitedMs = (call.waitedMs ?? 0) + now - call.since;
    call.since = now;
    const resumed = call.state === "parked";
    if (resumed) {
      this.permits.take(call.priority);
      call.state = "held";
      this.#holders.add(call);
      settle(true);
    } else settle(this.#hold(call));
    this.#told(call, true, resumed);
  }

  /** Asked for first: this is the hot path, and the particulars need not be built in vain. */
  #told(call: Call, queued: boolean, resumed: boolean): void {
    if (!this.reporter.wants("dispatch")) return;
    this.reporter.record("dispatch", call, { waitedMs: call.waitedMs ?? 0, queued, resumed });
  }

  /** Ends a wait without a permit. */
  #end(call: Call, code: GateErrorCode | "aborted", error: unknown, now: number): void {
    const parked = call.state === "parked";
    const settle = this.#waits.end(call);
    call.state = "over";
    this.#watch.over(call);
    settle(Promise.reject(error));
    this.reporter.record("evict", call, { code, waitedMs: now - call.since, parked });
  }

  #refuse(call: Call, code: GateErrorCode, why: string, now: number = this.#now()): void {
    this.#end(call, code, ended(this, code, call, now, why), now);
  }

  #reject(
    error: unknown,
    code: GateErrorCode | "aborted",
    priority: Priority,
    label: string | undefined,
  ): Promise<never> {
    this.reporter.record("reject", null, { code, priority, label });
    this.#finish();
    return Promise.reject(error);
  }

  #expire(due: readonly Call[]): void {
    for (const call of due) this.#refuse(call, "queue_timeout", whyNoPermit(this, call, this.#holders));
    this.#finish();
  }

  #abort(aborted: readonly Call[], reason: unknown): void {
    const now = this.#now();
    for (const call of aborted) this.#end(call, "aborted", reason, now);
    this.#finish();
  }

  #askHolders(now: number): void {
    if (this.state !== "paused") askHolders(this, this.#holders, this.reporter, now);
  }

  /** The state or the capacity changed. */
  #turned(): void {
    this.#tellState();
    this.#dispatchAll();
    this.#finish();
  }

  #tellState(): void {
    this.reporter.record("state", null, { state: this.state, capacity: this.permits.capacity });
  }

  /** The end of every operation: the state is final, so user code may run. */
  #finish(): void {
    if (this.permits.held === 0 && this.queue.size === 0) this.#fallIdle();
    this.reporter.deliver();
  }

  #fallIdle(): void {
    this.#watch.idle();
    if (this.state === "draining") {
      this.state = "closed";
      this.#turned();
      return;
    }
    const listeners = this.#idleListeners;
    if (listeners.length === 0) return;
    this.#idleListeners = [];
    for (const listener of listeners) listener();
  }
}
