import type { AbortSignalLike } from "./abort.ts";
import { Call, detailsOf, sooner } from "./call.ts";
import type { GateErrorCode } from "./errors.ts";
import type { GateState } from "./events.ts";
import { Holders } from "./holders.ts";
import type { GateInside } from "./inside.ts";
import { checkWaitOptions, type AcquireOptions, type ResolvedGateOptions } from "./options.ts";
import { askHolders, mustStepAside } from "./parking.ts";
import { Permit, type PermitOwner, type YieldOptions } from "./permit.ts";
import { Permits } from "./permits.ts";
import type { Priority } from "./priority.ts";
import { failure } from "./refusals.ts";
import { Reporter } from "./reporter.ts";
import { WaitingLine } from "./waiting-line.ts";
import { Waits } from "./waits.ts";
import { Watch } from "./watch.ts";

/**
 * The state machine of a gate: who holds, who waits, who is next.
 *
 * Every operation runs in one synchronous turn: it changes the state, dispatches whoever can run, asks holders to step aside
 * where that helps, and only then lets user code run (`finish`: listeners, park signals). So between two operations
 *
 * - a waiter is eligible only while the gate is paused: a free permit therefore means that a newcomer overtakes nobody;
 * - every call is in exactly one place: the queue, the holders, or over.
 */
export class Dispatcher implements PermitOwner, GateInside {
  state: GateState = "open";
  time: number = -Infinity;
  declare readonly options: ResolvedGateOptions;
  declare readonly permits: Permits;
  readonly holders: Holders = new Holders();
  declare readonly queue: WaitingLine;
  declare readonly reporter: Reporter;
  declare readonly waits: Waits;
  declare readonly watch: Watch;
  #idle: PromiseWithResolvers<void> | undefined;
  #sequence = 0;

  constructor(options: ResolvedGateOptions) {
    this.options = options;
    this.permits = new Permits(options.capacity, options.reserved);
    this.queue = new WaitingLine(this.permits, options.maxWaiting !== Infinity);
    this.reporter = new Reporter(this);
    this.waits = new Waits(this);
    this.watch = new Watch(this);
  }

  /** A permit at once, or `undefined`. */
  grant(priority: Priority, options: AcquireOptions | undefined): Permit | undefined {
    if (this.state !== "open" || !(this.permits.freeFor(priority) > 0)) return undefined;
    const permit = this.#hold(this.#arrive(priority, options), false) as Permit;
    this.finish();
    return permit;
  }

  /** A permit, at once or later. Precondition: the options are checked. */
  acquire(priority: Priority, options: AcquireOptions | undefined): Permit | Promise<Permit> {
    const signal = options?.signal;
    if (signal?.aborted) return this.#reject(this.#arrive(priority, options), "aborted", signal.reason);
    return this.grant(priority, options) ?? this.#wait(this.#arrive(priority, options), options);
  }

  #wait(call: Call, options: AcquireOptions | undefined): Promise<Permit> {
    const { signal, timeoutMs, onEnqueue } = options ?? {};
    const { state, queue } = this;
    const { maxWaiting } = this.options;
    if (state === "draining" || state === "closed") return this.#reject(call, state, `the gate is ${state}`);
    // Parked waiters were admitted once and do not count.
    if (queue.size - queue.parked >= maxWaiting) {
      const last = queue.last();
      if (!last || sooner(last, call)) {
        return this.#reject(call, "queue_full", `the queue is full (maxWaiting ${maxWaiting}); retry later`);
      }
      this.waits.end(last, "displaced", `a call of priority ${call.priority} took the last place; retry later`);
    }
    call.state = "waiting";
    const promise = this.waits.begin(call, signal, timeoutMs) as Promise<Permit>;
    this.reporter.record("enqueue", call, {});
    this.finish();
    // Not one of the recorded actions: within a listener those come after this call has returned.
    if (onEnqueue) this.reporter.attempt("onEnqueue", () => onEnqueue(call.id));
    return promise;
  }

  release(call: Call): boolean {
    if (call.state === "over") return false;
    if (call.state === "parked") {
      this.waits.end(call, "permit_released", "released during its yield()");
    } else {
      const heldMs = this.reporter.wants("release") ? this.tick() - call.since : 0;
      this.#letGo(call, "over");
      this.watch.over(call);
      this.reporter.record("release", call, { waitedMs: call.waitedMs ?? 0, heldMs });
    }
    this.finish();
    return true;
  }

  yield(call: Call, options: YieldOptions | undefined): Promise<boolean> {
    checkWaitOptions(options);
    if (call.state === "over") throw failure(this, call, "permit_released", "permit given back; acquire a new one");
    const details = detailsOf(call);
    if (call.state === "parked") return details.yielding!;
    const stays = this.state === "paused" || !mustStepAside(this, call);
    const { signal = details.signal, timeoutMs } = options ?? {};
    if (!stays && signal?.aborted) {
      this.release(call);
      return Promise.reject(signal.reason);
    }
    // Fresh from here on, so that a signal read during the wait is the one that asks after it.
    if (details.parkReason || !stays) details.controller = undefined;
    details.parkReason = undefined;
    details.yielding = stays ? Promise.resolve(false) : this.#park(call, signal, timeoutMs);
    this.finish();
    return details.yielding;
  }

  #park(call: Call, signal: AbortSignalLike | undefined, timeoutMs: number | undefined): Promise<true> {
    const now = this.tick();
    const heldMs = now - call.since;
    this.#letGo(call, "parked");
    call.since = now;
    const wait = this.waits.begin(call, signal, timeoutMs) as Promise<true>;
    this.reporter.record("park", call, { heldMs });
    return wait;
  }

  /** To be called also when the capacity changed. A gate that closes has ended its waiters before. */
  turn(state: GateState): void {
    this.state = state;
    this.reporter.record("state", null, { state, capacity: this.permits.capacity });
    this.finish();
  }

  /** The call keeps its arrival, so within its new priority it stands where it would have stood from the start. */
  reprioritise(call: Call, priority: Priority): void {
    this.queue.remove(call);
    // From the arrival, so that equals stay in order to the last digit. A parked call has its arrival only in its key.
    const arrivedAt = call.state === "parked" ? call.key - this.options.msPerPriority * call.priority : call.since;
    call.key = this.#keyOf(priority, arrivedAt);
    call.priority = priority;
    this.queue.add(call);
  }

  /** Resolves when nothing is held and nobody waits. */
  idle(): Promise<void> {
    const { promise } = (this.#idle ??= Promise.withResolvers<void>());
    this.finish();
    return promise;
  }

  tick(): number {
    const now = this.options.clock.now();
    if (now > this.time) this.time = now;
    return this.time;
  }

  #keyOf(priority: Priority, arrivedAt: number): number {
    const { msPerPriority } = this.options;
    return msPerPriority === 0 ? priority : arrivedAt + msPerPriority * priority;
  }

  #arrive(priority: Priority, options: AcquireOptions | undefined): Call {
    const now = this.tick();
    const { label, preemptible = false, signal, place } = options ?? {};
    const { id = ++this.#sequence, arrivedAt = now } = place ?? {};
    const call = new Call(this.#keyOf(priority, arrivedAt), priority, +id, arrivedAt);
    if (label !== undefined || signal || preemptible) {
      Object.assign(detailsOf(call), { label, preemptible, signal });
    }
    return call;
  }

  /** Gives `call` its permit. Returns what its wait is settled with: the permit, or `true` when it had one before. */
  #hold(call: Call, queued: boolean): Permit | true {
    const resumed = call.state === "parked";
    this.permits.charge(call.priority, 1);
    this.holders.add(call);
    call.state = "held";
    call.since = this.time;
    // Asked for first: this is the hot path, and the particulars need not be built in vain.
    if (this.reporter.wants("dispatch")) {
      this.reporter.record("dispatch", call, { waitedMs: call.waitedMs ?? 0, queued, resumed });
    }
    return resumed || (call.permit = new Permit(this, call));
  }

  #letGo(call: Call, state: "parked" | "over"): void {
    this.holders.remove(call);
    this.permits.charge(call.priority, -1);
    call.state = state;
  }

  #dispatch(call: Call): void {
    const settle = this.waits.leave(call);
    call.waitedMs = (call.waitedMs ?? 0) + this.tick() - call.since;
    settle(this.#hold(call, true));
  }

  #reject(call: Call, code: GateErrorCode | "aborted", reason: unknown): Promise<never> {
    const { priority, details } = call;
    const refusal = Promise.reject(failure(this, call, code, reason));
    this.reporter.record("reject", null, { code, priority, label: details?.label });
    this.finish();
    return refusal;
  }

  finish(): void {
    if (this.queue.size > 0 && this.state !== "paused") this.#dispatchAll();
    if (this.queue.size > 0) this.watch.start();
    else if (this.permits.held === 0) this.#fallIdle();
    this.reporter.deliver();
  }

  #dispatchAll(): void {
    const { queue } = this;
    while (this.permits.held < this.permits.capacity) {
      const call = queue.first();
      if (!call) break;
      const signal = call.details?.waitSignal;
      // Aborted, and not told yet: another listener of the same signal caused this very dispatch.
      if (signal?.aborted) this.waits.end(call, "aborted", signal.reason);
      else this.#dispatch(call);
    }
    if (this.holders.preemptible.size > 0) askHolders(this);
  }

  #fallIdle(): void {
    this.watch.stop();
    this.#idle?.resolve();
    this.#idle = undefined;
    if (this.state === "draining") this.turn("closed");
  }
}
