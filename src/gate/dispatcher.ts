import { Call, detailsOf, sooner } from "./call.ts";
import type { GateErrorCode } from "./errors.ts";
import type { GateState } from "./events.ts";
import { Holders } from "./holders.ts";
import { checkWaitOptions, type AcquireOptions, type ResolvedGateOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { Parking } from "./parking.ts";
import { Permit, type PermitOwner, type YieldOptions } from "./permit.ts";
import { Permits } from "./permits.ts";
import type { Priority } from "./priority.ts";
import { Queue } from "./queue.ts";
import { Refusals } from "./refusals.ts";
import { Reporter } from "./reporter.ts";
import { snapshotOf, type GateSnapshot } from "./snapshot.ts";
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
export class Dispatcher implements PermitOwner {
  state: GateState = "open";
  readonly permits: Permits;
  readonly queue: Queue;
  readonly outbox: Outbox = new Outbox((during, error) => this.#report.fault(during, error));
  readonly #options: ResolvedGateOptions;
  readonly #holders = new Holders();
  readonly #report: Reporter;
  readonly #refuse: Refusals;
  readonly #waits: Waits;
  readonly #parking: Parking;
  readonly #watch: Watch;
  #idleListeners: (() => void)[] = [];
  #sequence = 0;
  #time = -Infinity;

  constructor(options: ResolvedGateOptions) {
    const { clock, maxWaiting, name, starvationWarnMs } = options;
    this.#options = options;
    this.permits = new Permits(options.capacity, options.reserved);
    this.queue = new Queue(this.permits, maxWaiting);
    this.#report = new Reporter(name, this.permits, this.queue, this.outbox);
    this.#refuse = new Refusals(name, this.permits, this.queue, maxWaiting);
    this.#waits = new Waits(this.queue, clock, {
      expired: (calls) => this.#expire(calls),
      aborted: (calls, reason) => this.#abort(calls, reason),
    });
    this.#parking = new Parking(this, this.#holders, this.#refuse, this.#report);
    this.#watch = new Watch(clock, starvationWarnMs, this.#holders, this.queue, {
      starving: (count, oldest, now) => {
        this.#report.starvation(count, starvationWarnMs, oldest, now);
        this.#finish();
      },
      leaked: (holder) => {
        this.#report.leak(holder, this.#now());
        this.#finish();
      },
    });
  }

  /** A permit at once, or `undefined`. */
  grant(priority: Priority, options: AcquireOptions | undefined): Permit | undefined {
    if (this.state !== "open" || !this.permits.usableBy(priority)) return undefined;
    const call = this.#arrive(priority, options);
    const permit = this.#hold(call);
    this.#report.dispatch(call, false, false);
    this.#finish();
    return permit;
  }

  /** A permit, sooner or later. Precondition: the options are checked. */
  acquire(priority: Priority, options: AcquireOptions | undefined): Promise<Permit> {
    if (options?.signal?.aborted === true) {
      this.#report.reject("aborted", priority, options.label);
      this.#finish();
      return Promise.reject(options.signal.reason);
    }
    const permit = this.grant(priority, options);
    return permit === undefined ? this.#wait(priority, options) : Promise.resolve(permit);
  }

  #wait(priority: Priority, options: AcquireOptions | undefined): Promise<Permit> {
    const { state } = this;
    const { signal, label, timeoutMs, onEnqueue } = options ?? {};
    if (state === "draining" || state === "closed")
      return this.#reject(this.#refuse.notAdmitting(state), priority, label);
    const call = this.#arrive(priority, options);
    if (this.queue.full) {
      const last = this.queue.last();
      if (last === undefined || sooner(last, call)) return this.#reject(this.#refuse.queueFull(), priority, label);
      this.#end(last, "displaced", this.#refuse.displaced(last, call, call.since));
    }
    const promise = this.#waits.begin(call, signal, timeoutMs) as Promise<Permit>;
    this.#watch.waiterJoined(call.since);
    this.#report.enqueue(call);
    if (onEnqueue !== undefined) this.outbox.afterwards("enqueue", () => onEnqueue(String(call.sequence)));
    this.#askHolders(call.since);
    this.#finish();
    return promise;
  }

  release(call: Call): boolean {
    if (call.state === "over") return false;
    if (call.state === "parked") {
      this.#end(call, "permit_released", this.#refuse.releasedWhileParked(call, this.#now()));
    } else {
      if (this.#report.wants("release")) this.#letGoReported(call);
      else this.#letGo(call, "over");
      this.#watch.over(call);
      this.#dispatchAll();
    }
    this.#finish();
    return true;
  }

  yield(call: Call, options: YieldOptions | undefined): Promise<boolean> {
    if (options !== undefined) checkWaitOptions(options);
    if (call.state === "over") throw this.#refuse.alreadyReleased(call);
    const details = detailsOf(call);
    if (details.yielding !== null) return details.yielding;
    if (this.state === "paused" || !this.#parking.mustStepAside(call)) {
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
    call.since = now;
    const yielding = this.#waits.begin(call, signal, options?.timeoutMs) as Promise<true>;
    details.yielding = yielding;
    this.#watch.waiterJoined(now);
    this.#report.park(call, heldMs);
    this.#dispatchAll();
    this.#finish();
    return yielding;
  }

  resize(capacity: number): void {
    this.permits.capacity = capacity;
    this.#report.state(this.state);
    this.#dispatchAll();
    this.#finish();
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
    this.#report.state(state);
    this.#dispatchAll();
    this.#finish();
  }

  close(reason: string | undefined): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#report.state("closed");
    const now = this.#now();
    for (const call of this.queue.inOrder()) this.#end(call, "closed", this.#refuse.closed(call, reason, now));
    this.#finish();
  }

  cancel(call: Call): void {
    this.#end(call, "cancelled", this.#refuse.cancelled(call, this.#now()));
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
    const { name } = this.#options;
    return snapshotOf(name, this.state, this.permits, this.#holders, this.queue.inOrder(), this.#now());
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

  #letGoReported(call: Call): void {
    const heldMs = this.#now() - call.since;
    this.#letGo(call, "over");
    this.#report.release(call, heldMs);
  }

  #dispatchAll(): void {
    if (this.state === "paused" || this.queue.size === 0) return;
    const now = this.#now();
    for (let call = this.queue.firstEligible(); call !== undefined; call = this.queue.firstEligible()) {
      const signal = call.details?.waitSignal;
      // Aborted, and not told yet: another listener of the same signal caused this very dispatch.
      if (signal?.aborted === true) this.#end(call, "aborted", signal.reason);
      else this.#dispatch(call, now);
    }
    this.#askHolders(now);
  }

  #dispatch(call: Call, now: number): void {
    const settle = this.#waits.end(call);
    call.waitedMs = (call.waitedMs ?? 0) + now - call.since;
    call.since = now;
    if (call.state === "parked") {
      this.permits.take(call.priority);
      call.state = "held";
      call.details!.controller = null;
      this.#holders.add(call);
      settle(true);
      this.#report.dispatch(call, true, true);
    } else {
      settle(this.#hold(call));
      this.#report.dispatch(call, true, false);
    }
  }

  /** Ends a wait without a permit. */
  #end(call: Call, code: GateErrorCode | "aborted", error: unknown): void {
    const parked = call.state === "parked";
    const settle = this.#waits.end(call);
    call.state = "over";
    this.#watch.over(call);
    settle(Promise.reject(error));
    if (this.#report.wants("evict")) this.#report.evict(call, code, parked, this.#now() - call.since);
  }

  #reject(error: { readonly code: GateErrorCode }, priority: Priority, label: string | undefined): Promise<never> {
    this.#report.reject(error.code, priority, label);
    this.#finish();
    return Promise.reject(error);
  }

  #expire(due: readonly Call[]): void {
    const now = this.#now();
    for (const call of due) this.#end(call, "queue_timeout", this.#refuse.timedOut(call, this.#holders, now));
    this.#finish();
  }

  #abort(aborted: readonly Call[], reason: unknown): void {
    for (const call of aborted) this.#end(call, "aborted", reason);
    this.#finish();
  }

  #askHolders(now: number): void {
    if (this.state !== "paused") this.#parking.ask(now);
  }

  /** The end of every operation: the state is final, so user code may run. */
  #finish(): void {
    if (this.permits.held === 0 && this.queue.size === 0) this.#fallIdle();
    this.outbox.deliver();
  }

  #fallIdle(): void {
    this.#watch.idle();
    if (this.state === "draining") {
      this.state = "closed";
      this.#report.state("closed");
    }
    const listeners = this.#idleListeners;
    if (listeners.length === 0) return;
    this.#idleListeners = [];
    for (const listener of listeners) listener();
  }
}
