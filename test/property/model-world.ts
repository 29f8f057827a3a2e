import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Gate, type AcquireOptions, type GateEvent, type Permit } from "../../src/gate/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { Actor, Cast, pick } from "./model-cast.ts";
import { Promised, type ModelCall, type ModelRequest } from "./model-call.ts";
import { ModelGate, type ModelOptions } from "./model-gate.ts";
import { Ledger } from "./model-ledger.ts";
import type { Trigger } from "./model-signals.ts";
import {
  SHARED_SIGNALS,
  type AcquireStep,
  type CallStep,
  type GateStep,
  type SignalChoice,
  type Step,
  type YieldStep,
} from "./model-steps.ts";
import { tellEvent, tellModel, tellSnapshot } from "./model-text.ts";

export interface WorldOptions extends ModelOptions {
  /** Whether anybody listens to the gate's events: it takes shorter ways when nobody does. */
  readonly listening: boolean;
  readonly newTrigger: () => Trigger;
}

const FAILURE = new Error("the task failed");

/**
 * Runs a program on a real gate and on the model at once and compares them: the figures, the order and every event after each
 * operation, and after each turn what became of every promise.
 */
export class World {
  readonly clock: ManualClock = new ManualClock();
  readonly gate: Gate;
  readonly #model: ModelGate;
  readonly #ledger = new Ledger();
  readonly #newTrigger: () => Trigger;
  readonly #shared: Trigger[];
  readonly #events: string[] | undefined;
  readonly #cast = new Cast();
  /** Whether the gate was made with a reservation. */
  readonly #reserving: boolean;
  #calls = 0;
  #heldBefore = 0;
  /** What the first listener of a signal does as it aborts. */
  #inAbort: (() => void) | undefined;

  constructor({ listening, newTrigger, ...options }: WorldOptions) {
    this.gate = new Gate({ ...options, clock: this.clock, starvationWarnMs: Infinity });
    this.#model = new ModelGate(options);
    this.#newTrigger = () => {
      const trigger = newTrigger();
      // Before the gate can listen.
      trigger.signal.addEventListener("abort", () => this.#inAbort?.());
      return trigger;
    };
    this.#shared = Array.from({ length: SHARED_SIGNALS }, this.#newTrigger);
    this.#reserving = options.reserved !== undefined;
    if (!listening) return;
    const events: string[] = [];
    this.gate.on("*", (event: GateEvent) => events.push(tellEvent(event)));
    this.#events = events;
  }

  /** Runs a program. Nothing is awaited between its steps, but where it says so. */
  async run(program: readonly Step[]): Promise<void> {
    for (const step of program) {
      if (step.do === "turn") await this.#settle();
      else if (step.do === "finish") await this.#finish(step.who, step.fails ? FAILURE : undefined);
      else this.#do(step);
    }
    await this.#settle();
  }

  /** Makes room for everybody: who still waits must get a permit. Then takes all permits back; nothing may be left. */
  async rest(): Promise<void> {
    this.#do({ do: "unpause" });
    this.#do({ do: "resize", capacity: Infinity });
    this.#do({ do: "reserve", permits: 0 });
    await this.#settle();
    assert.equal(this.gate.waiting, 0, "with permits for all nobody waits");
    while (this.#cast.running.length > 0) await this.#finish(0, undefined);
    while (this.#cast.permitted.length > 0) this.#do({ do: "release", who: 0 });
    await this.#settle();
    const left = [this.gate.held, this.gate.waiting, this.clock.pending.all, this.#ledger.pending];
    assert.deepEqual(left, [0, 0, 0, []], "nothing is left: no permit, no waiter, no timer, no promise");
  }

  async end(): Promise<void> {
    this.#do({ do: "unpause" });
    this.#do({ do: "drain" });
    await this.rest();
    assert.equal(this.gate.state, "closed");
  }

  #do(step: AcquireStep | CallStep | GateStep): void {
    if (step.do === "acquire") this.#acquire(step);
    else if ("who" in step) this.#concern(step);
    else this.#govern(step);
    // Which of the two the gate hears of first is open, and with it the figures in between.
    this.#compare(step.do === "releaseInAbort" ? withoutFigures : undefined);
  }

  #acquire(step: AcquireStep): void {
    const name = `c${++this.#calls}`;
    const { priority, preemptible, timeoutMs } = step;
    const label = step.labelled ? name : undefined;
    const plain = { name, label, priority, preemptible, timeoutMs: timeoutMs ?? Infinity };
    if (step.by === "tryAcquire") this.#tryAcquire({ ...plain, signal: undefined });
    else this.#wait(step, plain, this.#triggerFor(step.signal));
  }

  #tryAcquire(request: ModelRequest): void {
    const { priority, preemptible, label } = request;
    const call = this.#model.tryAcquire(request);
    const permit = this.gate.tryAcquire({ priority, preemptible, label });
    assert.equal(permit !== undefined, call !== undefined, "tryAcquire");
    if (call !== undefined) this.#cast.join(new Actor(call, false, undefined)).permit = permit;
  }

  #wait(step: AcquireStep, plain: Omit<ModelRequest, "signal">, trigger: Trigger | undefined): void {
    const { by, priority, preemptible, timeoutMs } = step;
    const earlier = step.again ? this.#cast.takeGivenUp() : undefined;
    const taken = earlier === undefined ? this.#behind(step.behind) : { id: earlier.id!, place: earlier.call };
    const call = this.#model.acquire({ ...plain, signal: trigger?.model, place: taken?.place });
    const actor = this.#cast.join(new Actor(call, by === "run", trigger));
    const onEnqueue = (id: string): void => {
      actor.id = id;
    };
    const place = taken && { id: taken.id, arrivedAt: taken.place.arrivedAt };
    const { label } = plain;
    const options = { priority, preemptible, label, timeoutMs, signal: trigger?.signal, onEnqueue, place };
    if (by === "run") this.#run(actor, options);
    else {
      const granted = this.gate.acquire(options).then((permit) => {
        this.#ledger.served(actor.call);
        return this.#receive(actor, permit);
      });
      this.#ledger.expect(actor.call.promised, granted, trigger?.reason);
    }
    assert.equal(
      actor.id !== undefined,
      actor.call.state === "waiting",
      "onEnqueue is called for exactly those who wait",
    );
    if (taken !== undefined && actor.id !== undefined) assert.equal(actor.id, taken.id);
  }

  /** Behind one of those who are there, and nobody else's place: every call has a fraction of its own. */
  #behind(
    who: number | undefined,
  ): { readonly id: string; readonly place: ModelRequest["place"] & object } | undefined {
    const known = [...this.#cast].filter((actor) => (actor.id ?? actor.permit) !== undefined);
    const actor = who === undefined ? undefined : pick(known, who);
    if (actor === undefined) return undefined;
    const fraction = this.#calls / 2 ** 20;
    const behind = (number: number): number => Math.floor(number) + fraction;
    const id = String(behind(Number(actor.id ?? actor.permit!.id)));
    return { id, place: { number: behind(actor.call.number), arrivedAt: this.#model.now } };
  }

  #receive(actor: Actor, permit: Permit): string {
    actor.permit = permit;
    if (actor.id !== undefined) assert.equal(permit.id, actor.id);
    return "granted";
  }

  #run(actor: Actor, options: AcquireOptions): void {
    const { call, trigger } = actor;
    const atOnce = call.state === "held";
    if (atOnce) this.#model.served.pop();
    const admission = Promise.withResolvers<string>();
    const work = Promise.withResolvers<string>();
    const end = Promise.withResolvers<string>();
    const promisedEnd = new Promised(`the end of ${call.name}`);
    const task = (permit: Permit): Promise<string> => {
      admission.resolve(this.#receive(actor, permit));
      if (!atOnce) this.#ledger.served(call);
      this.#ledger.expect(promisedEnd, end.promise, undefined);
      actor.finish = (error) => {
        actor.finish = undefined;
        promisedEnd.settle(error === undefined ? "done" : String(error));
        if (error === undefined) work.resolve("done");
        else work.reject(error);
      };
      return work.promise;
    };
    this.#ledger.expect(call.promised, admission.promise, trigger?.reason);
    this.gate.run(task, options).then(end.resolve, (error: unknown) => {
      if (actor.permit === undefined) admission.reject(error);
      else end.reject(error);
    });
    assert.equal(actor.permit !== undefined, atOnce, "a task starts within `run` exactly when a permit is free");
  }

  /** `run` looks at its signal once more before it calls the task, and passes the permit on. */
  #startTasksInModel(): void {
    const { served } = this.#model;
    // The array grows on the way: what one passes on goes to the next.
    for (let index = 0; index < served.length; index++) {
      const call = served[index]!;
      const { runs, permit } = this.#cast.of(call)!;
      if (!runs || permit !== undefined || call.signal?.aborted !== true) continue;
      call.promised.outcome = "aborted";
      served.splice(index--, 1);
      this.#model.release(call);
    }
  }

  async #finish(who: number, error: Error | undefined): Promise<void> {
    await this.#settle();
    const actor = pick(this.#cast.running, who);
    if (actor === undefined) return;
    actor.finish!(error);
    this.#model.release(actor.call);
    await this.#settle();
  }

  #concern(step: CallStep): void {
    switch (step.do) {
      case "release":
        this.#release(pick(this.#cast.permitted, step.who));
        break;
      case "yield":
        this.#yield(pick(this.#cast.permitted, step.who), step);
        break;
      case "abort":
        this.#abort(pick(this.#cast.interruptible, step.who));
        break;
      case "releaseInAbort":
        this.#releaseInAbort(
          pick(this.#cast.interruptible, step.who),
          pick(this.#cast.permitted, step.whose),
          step.early,
        );
        break;
      case "releaseAgain":
        releaseAgain(pick(this.#cast.spent, step.who));
        break;
      case "cancel":
        this.#cancel(pick(this.#cast.waiting, step.who));
        break;
      case "reprioritise":
        this.#reprioritise(pick(this.#cast.waiting, step.who), step.priority);
        break;
    }
  }

  #release(actor: Actor | undefined): void {
    if (actor === undefined) return;
    assert.equal(this.#model.release(actor.call), actor.permit!.release());
  }

  #yield(actor: Actor | undefined, { signal, timeoutMs }: YieldStep): void {
    if (actor === undefined) return;
    const { call } = actor;
    const own = this.#triggerFor(signal);
    const trigger = own ?? actor.trigger;
    const { state, asked } = call;
    const before = looksAtSignal(call) ? actor.permit!.signal : undefined;
    const promised = this.#model.yield(call, trigger?.model, timeoutMs ?? Infinity);
    const yielding = actor.permit!.yield({ signal: own?.signal, timeoutMs });
    if (state === "parked") {
      assert.equal(yielding, actor.yielding, "calls during the wait share it");
      return;
    }
    if (before !== undefined && call.state !== "over") {
      assert.equal(actor.permit!.signal !== before, asked || call.state === "parked", "the signal is a fresh one");
    }
    actor.yielding = yielding;
    actor.waitTrigger = trigger;
    const outcome = yielding.then((steppedAside) => {
      if (steppedAside) this.#ledger.served(call);
      return steppedAside ? "resumed" : "kept";
    });
    this.#ledger.expect(promised, outcome, trigger?.reason);
  }

  #abort(actor: Actor | undefined): void {
    if (actor === undefined) return;
    this.#model.abort(actor.waitTrigger!.model);
    actor.waitTrigger!.abort();
  }

  #releaseInAbort(actor: Actor | undefined, holder: Actor | undefined, early: boolean): void {
    if (actor === undefined || holder === undefined || holder.waitTrigger === actor.waitTrigger) return;
    const { signal, model, abort } = actor.waitTrigger!;
    const release = (): void => void holder.permit!.release();
    if (early) this.#inAbort = release;
    else signal.addEventListener("abort", release);
    this.#model.abort(model);
    this.#model.release(holder.call);
    abort();
    this.#inAbort = undefined;
    signal.removeEventListener("abort", release);
  }

  #cancel(actor: Actor | undefined): void {
    if (actor === undefined) {
      assert.equal(this.gate.cancel("nobody"), false);
      return;
    }
    this.#model.cancel(actor.call);
    assert.equal(this.gate.cancel(actor.id ?? actor.permit!.id), true);
    assert.equal(this.gate.cancel(actor.id ?? actor.permit!.id), false);
  }

  #reprioritise(actor: Actor | undefined, priority: number): void {
    if (actor === undefined) return;
    this.#model.reprioritise(actor.call, priority);
    assert.equal(this.gate.reprioritise(actor.id ?? actor.permit!.id, priority), true);
  }

  #govern(step: GateStep): void {
    switch (step.do) {
      case "advance":
        this.#model.advance(step.ms);
        this.clock.advance(step.ms);
        break;
      case "resize":
        this.#model.resize(step.capacity);
        this.gate.resize(step.capacity);
        break;
      case "reserve":
        this.#reserve(step.permits);
        break;
      case "drain": {
        const drained = this.gate.drain().then(() => "drained");
        this.#ledger.expect(this.#model.drain(), drained, undefined);
        break;
      }
      case "pause":
      case "unpause":
      case "close":
        this.#model[step.do]();
        this.gate[step.do]();
        break;
    }
  }

  #reserve(permits: number): void {
    if (!this.#reserving) {
      assert.throws(() => this.gate.reserve(permits), TypeError);
      return;
    }
    this.#model.reserve(permits);
    this.gate.reserve(permits);
  }

  async #settle(): Promise<void> {
    this.#startTasksInModel();
    await nextTurn();
    this.#compare();
    this.#ledger.compare(this.#model.served.splice(0));
    this.#cast.dismiss();
  }

  #compare(only: (entry: string) => string = (entry) => entry): void {
    assert.equal(tellSnapshot(this.gate.snapshot()), tellModel(this.#model));
    const { held, capacity, waiting, state } = this.gate;
    assert.deepEqual(
      [held, capacity, waiting, state],
      [this.#model.holders.length, this.#model.capacity, this.#model.line.length, this.#model.state],
    );
    assert.ok(held <= Math.max(capacity, this.#heldBefore), "only a shrink leaves more held than there are permits");
    this.#heldBefore = held;
    for (const { call, permit } of this.#cast) if (permit !== undefined) comparePermit(permit, call);
    const told = this.#model.log.splice(0).map(only);
    if (this.#events === undefined) return;
    const heard = this.#events.splice(0).map(only);
    for (const kind of ["dispatch", "preempt"]) {
      const ofKind = (entry: string): boolean => entry.startsWith(kind);
      assert.deepEqual(heard.filter(ofKind), told.filter(ofKind));
    }
    assert.deepEqual(heard.toSorted(), told.toSorted());
  }

  #triggerFor(choice: SignalChoice): Trigger | undefined {
    if (choice === "none") return undefined;
    if (typeof choice === "string") {
      const trigger = this.#newTrigger();
      if (choice === "dead") {
        trigger.model.aborted = true;
        trigger.abort();
      }
      return trigger;
    }
    if (this.#shared[choice]!.model.aborted) this.#shared[choice] = this.#newTrigger();
    return this.#shared[choice];
  }
}

function withoutFigures(entry: string): string {
  return entry.replace(/ held .*/, "");
}

function comparePermit(permit: Permit, call: ModelCall): void {
  assert.equal(permit.priority, call.priority);
  assert.equal(permit.released, call.state === "over");
  assert.equal(permit.waitedMs, call.waitedMs);
  if (call.state !== "over" && looksAtSignal(call)) assert.equal(permit.signal.aborted, call.asked, "asked");
}

/** Half of them never do: a signal that nobody reads is never made. */
function looksAtSignal({ number }: ModelCall): boolean {
  return number % 2 === 0;
}

/** A spent permit gives nothing and takes nothing: the comparison that follows would show it. */
function releaseAgain(permit: Permit | undefined): void {
  if (permit === undefined) return;
  assert.equal(permit.release(), false);
  assert.throws(() => void permit.yield(), { code: "permit_released", stage: "running" });
}
