import type { GateState, Reserved } from "../../src/gate/index.ts";
import { comesBefore, ModelCall, Promised, type ModelRequest, type ModelSignal } from "./model-call.ts";

export interface ModelOptions {
  readonly capacity: number;
  readonly reserved: Reserved | undefined;
  readonly maxWaiting: number;
  readonly agingMs: number | undefined;
}

/**
 * The gate as naively as it can be written: one sorted array of waiters, one array of holders, and every question answered by
 * looking at all of them. It is the contract in a second hand, and the judge of the real gate.
 */
export class ModelGate {
  readonly #options: ModelOptions;
  state: GateState = "open";
  capacity: number;
  #reserved: number;
  now = 0;
  /** Oldest grant first. */
  readonly holders: ModelCall[] = [];
  /** In order. */
  line: ModelCall[] = [];
  /** Whom a promise brought a permit, in order. */
  readonly served: ModelCall[] = [];
  /** The events, in the form of `tellEvent`. */
  readonly log: string[] = [];
  #numbers = 0;
  #drains: Promised[] = [];

  constructor(options: ModelOptions) {
    this.#options = options;
    this.capacity = options.capacity;
    this.#reserved = options.reserved?.permits ?? 0;
  }

  acquire(request: ModelRequest): ModelCall {
    const call = new ModelCall(request, this.#numbers + 1, this.now);
    if (request.place === undefined) this.#numbers++;
    if (request.signal?.aborted === true) return this.#refuse(call, "aborted", "aborted");
    if (this.state === "open" && this.#hasPermitFor(call)) {
      call.promised.settle("granted");
      this.served.push(call);
      this.#hold(call, "unqueued");
      return call;
    }
    if (this.state === "draining" || this.state === "closed") {
      return this.#refuse(call, this.state, `${this.state} rejected`);
    }
    const evictable = this.line.filter((waiter) => waiter.state !== "parked");
    if (evictable.length >= this.#options.maxWaiting) {
      const last = evictable.at(-1);
      if (last === undefined || this.#sooner(last, call))
        return this.#refuse(call, "queue_full", "queue_full rejected");
      this.#end(last, "displaced");
    }
    this.#enqueue(call, request.signal, request.timeoutMs);
    this.#log("enqueue", call);
    this.#settleDown();
    return call;
  }

  /** The call if it got a permit at once. */
  tryAcquire(request: ModelRequest): ModelCall | undefined {
    const call = new ModelCall(request, ++this.#numbers, this.now);
    const chosen = this.line.find((waiter) => this.#hasPermitFor(waiter));
    if (this.state !== "open" || chosen !== undefined || !this.#hasPermitFor(call)) return undefined;
    this.#hold(call, "unqueued");
    return call;
  }

  release(call: ModelCall): boolean {
    if (call.state === "over") return false;
    if (call.state === "parked") this.#end(call, "permit_released");
    else {
      this.#letGo(call);
      call.state = "over";
      this.#log("release", call);
    }
    this.#settleDown();
    return true;
  }

  yield(call: ModelCall, signal: ModelSignal | undefined, timeoutMs: number): Promised {
    if (call.state === "parked") return call.promised;
    const promised = new Promised(`${call.name}.yield`);
    if (!this.#mustStepAside(call)) {
      promised.settle("kept");
      call.asked = false;
    } else if (signal?.aborted === true) {
      promised.settle("aborted");
      this.release(call);
    } else {
      this.#letGo(call);
      call.state = "parked";
      call.since = this.now;
      call.promised = promised;
      this.#enqueue(call, signal, timeoutMs);
      this.#log("park", call);
    }
    this.#settleDown();
    return promised;
  }

  abort(signal: ModelSignal): void {
    signal.aborted = true;
    for (const waiter of this.line.filter((other) => other.waitSignal === signal)) this.#end(waiter, "aborted");
    this.#settleDown();
  }

  cancel(waiter: ModelCall): void {
    this.#end(waiter, "cancelled");
    this.#settleDown();
  }

  reprioritise(waiter: ModelCall, priority: number): void {
    waiter.priority = priority;
    this.#sort();
    this.#settleDown();
  }

  resize(capacity: number): void {
    this.capacity = capacity;
    this.#logState();
    this.#settleDown();
  }

  reserve(permits: number): void {
    this.#reserved = permits;
    this.#settleDown();
  }

  pause(): void {
    if (this.state === "open") this.#turn("paused");
  }

  unpause(): void {
    if (this.state === "paused") this.#turn("open");
  }

  drain(): Promised {
    const promised = new Promised("drain");
    this.#drains.push(promised);
    if (this.state !== "closed" && this.state !== "draining") this.#turn("draining");
    this.#settleDown();
    return promised;
  }

  close(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#logState();
    const waiters = this.line;
    for (const waiter of waiters) this.#end(waiter, "closed");
    this.#settleDown();
  }

  advance(ms: number): void {
    this.now += ms;
    for (const waiter of this.line.filter(({ deadline }) => deadline <= this.now)) this.#end(waiter, "queue_timeout");
    this.#settleDown();
  }

  #turn(state: GateState): void {
    this.state = state;
    this.#logState();
    this.#settleDown();
  }

  /** After every change: whoever can run does, who should step aside is asked, and a drained gate closes. */
  #settleDown(): void {
    if (this.state !== "paused") {
      for (let next = this.#nextToRun(); next !== undefined; next = this.#nextToRun()) this.#dispatch(next);
      for (let victim = this.#nextVictim(); victim !== undefined; victim = this.#nextVictim()) {
        victim.asked = true;
        this.#log("preempt", victim);
      }
    }
    if (this.holders.length > 0 || this.line.length > 0) return;
    if (this.state === "draining") {
      this.state = "closed";
      this.#logState();
    }
    for (const drain of this.#drains) drain.settle("drained");
    this.#drains = [];
  }

  #nextToRun(): ModelCall | undefined {
    return this.line.find((waiter) => this.#hasPermitFor(waiter));
  }

  /** Of the willing holders that more waiters outrank than were asked already: the worst priority, then the latest arrival. */
  #nextVictim(): ModelCall | undefined {
    const outstanding = this.holders.filter(({ asked }) => asked).length;
    return this.holders
      .filter(({ preemptible, asked }) => preemptible && !asked)
      .filter((holder) => this.line.filter((waiter) => this.#needs(waiter, holder)).length > outstanding)
      .sort((a, b) => b.priority - a.priority || b.number - a.number)[0];
  }

  #needs(waiter: ModelCall, holder: ModelCall): boolean {
    return waiter.priority < holder.priority && this.#sooner(waiter, holder) && this.#permitsExistFor(waiter);
  }

  #mustStepAside(call: ModelCall): boolean {
    if (this.state === "paused") return false;
    const others = this.holders.filter((holder) => holder !== call);
    // After a shrink its permit alone frees none; yet it is one of those too many, and would be asked again at once.
    const tooMany =
      this.holders.length > this.capacity || (this.#isBeyond(call) && this.#heldBeyond() > this.#openToAll());
    return this.line
      .filter((waiter) => this.#sooner(waiter, call))
      .some((waiter) => this.#hasPermitFor(waiter, others) || (tooMany && this.#permitsExistFor(waiter)));
  }

  #hasPermitFor(call: ModelCall, holders: readonly ModelCall[] = this.holders): boolean {
    if (holders.length >= this.capacity) return false;
    return !this.#isBeyond(call) || this.#heldBeyond(holders) < this.#openToAll();
  }

  #permitsExistFor(call: ModelCall): boolean {
    return this.#isBeyond(call) ? this.#openToAll() > 0 : this.capacity > 0;
  }

  #isBeyond(call: ModelCall): boolean {
    return this.#options.reserved !== undefined && call.priority > this.#options.reserved.priority;
  }

  #heldBeyond(holders: readonly ModelCall[] = this.holders): number {
    return holders.filter((holder) => this.#isBeyond(holder)).length;
  }

  /** Permits that are not reserved. */
  #openToAll(): number {
    return this.capacity - this.#reserved;
  }

  #sooner(a: ModelCall, b: ModelCall): boolean {
    return comesBefore(a, b, this.#options.agingMs);
  }

  #sort(): void {
    this.line.sort((a, b) => (this.#sooner(a, b) ? -1 : 1));
  }

  #enqueue(call: ModelCall, signal: ModelSignal | undefined, timeoutMs: number): void {
    call.waitSignal = signal;
    call.deadline = this.now + timeoutMs;
    this.line.push(call);
    this.#sort();
  }

  #dispatch(call: ModelCall): void {
    this.line = this.line.filter((waiter) => waiter !== call);
    call.waitedMs += this.now - call.since;
    call.promised.settle(call.state === "parked" ? "resumed" : "granted");
    this.served.push(call);
    this.#hold(call, call.state === "parked" ? "resumed" : "queued");
  }

  #hold(call: ModelCall, how: string): void {
    call.state = "held";
    call.since = this.now;
    this.holders.push(call);
    this.#log("dispatch", call, how);
  }

  #letGo(call: ModelCall): void {
    this.holders.splice(this.holders.indexOf(call), 1);
    call.asked = false;
  }

  /** Ends a wait without a permit. */
  #end(call: ModelCall, code: string): void {
    const stage = call.state === "parked" ? "parked" : "evicted";
    this.line = this.line.filter((waiter) => waiter !== call);
    call.state = "over";
    call.promised.settle(code === "aborted" ? code : `${code} ${stage}`);
    this.log.push(`evict ${call.label} ${code} ${stage}`);
  }

  #refuse(call: ModelCall, code: string, outcome: string): ModelCall {
    call.state = "over";
    call.promised.settle(outcome);
    this.log.push(`reject ${call.label} ${code}`);
    return call;
  }

  #log(event: string, { label }: ModelCall, how = ""): void {
    this.log.push(`${event} ${label} ${how} held ${this.holders.length} waiting ${this.line.length}`);
  }

  #logState(): void {
    this.log.push(`state ${this.state} ${this.capacity}`);
  }
}
