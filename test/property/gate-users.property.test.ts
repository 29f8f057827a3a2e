import assert from "node:assert/strict";
import { test } from "node:test";
import fc, { type Arbitrary, type Scheduler } from "fast-check";
import { Gate, isGateError, type GateOptions, type Permit } from "../../src/gate/index.ts";
import { tries } from "./model-runs.ts";

/**
 * Users as they are: asynchronous functions that come when they like, hold across awaits, step aside when asked, fail, and change
 * their minds. The scheduler decides who goes on next, at every await.
 */
interface Plan {
  readonly priority: number;
  readonly by: "acquire" | "run";
  readonly chunks: number;
  /** Yields after each chunk, after one if asked meanwhile, as soon as asked, or never. */
  readonly yields: "always" | "asked" | "at once" | "never";
  /** Aborts its signal some time. */
  readonly givesUp: boolean;
  readonly fails: boolean;
}

const anyPlan: Arbitrary<Plan> = fc.record({
  priority: fc.constantFrom(0, 0, 50, 100, 100),
  by: fc.constantFrom("acquire", "run"),
  chunks: fc.nat({ max: 4 }),
  yields: fc.constantFrom("asked", "at once", "always", "never"),
  givesUp: fc.boolean(),
  fails: fc.boolean(),
});

const FAILURE = new Error("the work failed");
type End = "still there" | "done" | "failed" | "gave up" | "turned away";

/** A gate, its users, and how many of them are inside. */
class House {
  readonly gate: Gate;
  readonly ends: End[] = [];
  readonly #scheduler: Scheduler;
  #inside = 0;
  #mostInside = 0;

  constructor(options: GateOptions, scheduler: Scheduler) {
    this.gate = new Gate(options);
    this.#scheduler = scheduler;
  }

  get mostInside(): number {
    return this.#mostInside;
  }

  /** To be asked before the visits are awaited: a lost user would keep them, and the test, waiting for ever. */
  assertAllEnded(): void {
    assert.ok(!this.ends.includes("still there"), `everyone comes to an end: ${this.ends.join(", ")}`);
  }

  /** Lets the scheduler choose when to go on. */
  pause(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  async visit(user: number, plan: Plan): Promise<void> {
    this.ends[user] = "still there";
    const controller = new AbortController();
    if (plan.givesUp) void this.pause(`${user} gives up`).then(() => controller.abort({ user }));
    await this.pause(`${user} comes`);
    try {
      await this.#stay(user, plan, controller.signal);
      this.ends[user] = "done";
    } catch (error) {
      this.ends[user] = endOf(error, controller.signal);
    }
  }

  async #stay(user: number, plan: Plan, signal: AbortSignal): Promise<void> {
    const options = { priority: plan.priority, preemptible: plan.yields !== "never", label: String(user), signal };
    if (plan.by === "run") {
      await this.gate.run((permit) => this.#work({ ...plan, user }, permit), options);
      return;
    }
    using permit = await this.gate.acquire(options);
    await this.#work({ ...plan, user }, permit);
  }

  async #work({ user, chunks, yields, fails }: Plan & { readonly user: number }, permit: Permit): Promise<void> {
    this.#enter();
    const absences: Promise<void>[] = [];
    try {
      if (yields === "at once") this.#obey(permit, absences);
      for (let chunk = 0; chunk < chunks; chunk++) {
        await this.pause(`${user} works`);
        await Promise.all(absences.splice(0));
        if (yields === "always" || (yields === "asked" && permit.signal.aborted)) await this.#stepAside(permit);
      }
      if (fails) throw FAILURE;
    } finally {
      await Promise.allSettled(absences);
      this.#leave(permit.released ? 0 : 1);
    }
  }

  /** Steps aside from within the signal's listener, while the gate is telling others of the same change. */
  #obey(permit: Permit, absences: Promise<void>[]): void {
    const { signal } = permit;
    const stepAside = (): void => {
      const absence = this.#stepAside(permit).then(() => this.#obey(permit, absences));
      // Seen to when the work gets there.
      absence.catch(() => undefined);
      absences.push(absence);
    };
    if (signal.aborted) stepAside();
    else signal.addEventListener("abort", stepAside, { once: true });
  }

  async #stepAside(permit: Permit): Promise<void> {
    this.#leave();
    try {
      await permit.yield();
    } finally {
      this.#enter(permit.released ? 0 : 1);
    }
  }

  #enter(count = 1): void {
    this.#inside += count;
    this.#mostInside = Math.max(this.#mostInside, this.#inside);
    assert.ok(this.#inside <= this.gate.held, "who is inside holds a permit");
  }

  #leave(count = 1): void {
    this.#inside -= count;
  }
}

function endOf(error: unknown, signal: AbortSignal): End {
  if (error === FAILURE) return "failed";
  if (signal.aborted && error === signal.reason) return "gave up";
  assert.ok(isGateError(error), String(error));
  assert.ok(["queue_full", "displaced", "cancelled"].includes(error.code), error.code);
  return "turned away";
}

/** Follows the gate's events: each call's story must be told in order, nobody sooner passed over, nobody asked in vain. */
function judge(gate: Gate, strict: boolean): readonly string[] {
  const faults: string[] = [];
  const stories = new Map<string, string>();
  const arrivals = new Map<string, number>();
  gate.on("*", (event) => {
    if (!("id" in event)) return;
    const { id, type } = event;
    const last = stories.get(id) ?? "nothing";
    if (CHAPTERS[last]?.includes(type) !== true) faults.push(`${event.label}: ${type} after ${last}`);
    stories.set(id, type);
    if (!arrivals.has(id)) arrivals.set(id, arrivals.size);
    if (!strict) return;
    const { holders, waiters } = gate.snapshot();
    if (type === "dispatch" && event.queued) {
      const passedOver = waiters.filter(
        (waiter) =>
          waiter.priority < event.priority ||
          (waiter.priority === event.priority && arrivals.get(waiter.id)! < arrivals.get(id)!),
      );
      for (const { label } of passedOver) faults.push(`${event.label} was let in before ${label}`);
    } else if (type === "preempt") {
      const asked = holders.filter(({ parkRequested }) => parkRequested).length;
      const needy = waiters.filter(({ priority }) => priority < event.priority).length;
      if (asked > needy) faults.push(`${asked} are asked to step aside for ${needy}`);
    }
  });
  return faults;
}

/** What may follow what in the life of one call. */
const CHAPTERS: Readonly<Record<string, readonly string[]>> = {
  nothing: ["enqueue", "dispatch"],
  enqueue: ["dispatch", "evict"],
  dispatch: ["preempt", "park", "release"],
  preempt: ["preempt", "park", "release"],
  park: ["dispatch", "evict"],
};

const plans = fc.array(anyPlan, { minLength: 2, maxLength: 10 });

test("however the users' awaits interleave, all are served in order, and never more at once than there are permits", async () => {
  const capacities = fc.integer({ min: 1, max: 3 });
  const property = fc.asyncProperty(fc.scheduler(), capacities, plans, async (scheduler, capacity, users) => {
    const house = new House({ capacity }, scheduler);
    const faults = judge(house.gate, true);
    const visits = Promise.all(users.map((user, index) => house.visit(index, user)));
    await scheduler.waitIdle();
    house.assertAllEnded();
    await visits;
    for (const [index, { fails, givesUp }] of users.entries()) {
      if (!givesUp) assert.equal(house.ends[index], fails ? "failed" : "done");
    }
    assert.deepEqual(faults, []);
    assert.ok(house.mostInside <= capacity);
    assert.deepEqual([house.gate.held, house.gate.waiting], [0, 0]);
  });
  await fc.assert(property, tries(400));
});

type Whim =
  | { readonly do: "resize"; readonly capacity: number }
  | { readonly do: "pause" | "unpause" | "cancel" | "reprioritise" };
const anyWhim: Arbitrary<Whim> = fc.oneof(
  fc.record({ do: fc.constant("resize" as const), capacity: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ do: fc.constantFrom("pause" as const, "unpause" as const, "cancel" as const, "reprioritise" as const) }),
);
const options: Arbitrary<GateOptions> = fc.record({
  capacity: fc.integer({ min: 0, max: 3 }),
  agingMs: fc.constantFrom(undefined, 1000),
  reserved: fc.option(fc.record({ permits: fc.nat({ max: 2 }), priority: fc.constantFrom(0, 50) }), { nil: undefined }),
  maxWaiting: fc.constantFrom(Infinity, Infinity, 2),
});

function indulge(gate: Gate, whim: Whim): void {
  const someone = gate.snapshot().waiters.at(-1)?.id ?? "nobody";
  if (whim.do === "resize") gate.resize(whim.capacity);
  else if (whim.do === "cancel") gate.cancel(someone);
  else if (whim.do === "reprioritise") gate.reprioritise(someone, 0);
  else gate[whim.do]();
}

test("nor does an operator who pauses, resizes, cancels and reprioritises, be it from a listener, lose anybody", async () => {
  const whims = fc.record({
    now: fc.array(anyWhim, { maxLength: 6 }),
    inListener: fc.array(anyWhim, { maxLength: 6 }),
  });
  const property = fc.asyncProperty(fc.scheduler(), options, plans, whims, async (scheduler, how, users, wishes) => {
    const house = new House(how, scheduler);
    const { gate } = house;
    const faults = judge(gate, false);
    let mostPermits = gate.capacity;
    const act = (wish: Whim): void => {
      if (wish.do === "resize") mostPermits = Math.max(mostPermits, wish.capacity);
      indulge(gate, wish);
    };
    const later = [...wishes.inListener];
    gate.on("*", ({ type }) => {
      if (type !== "state") later.splice(0, 1).forEach(act);
    });
    const operator = async (): Promise<void> => {
      for (const wish of wishes.now) {
        await house.pause(wish.do);
        act(wish);
      }
    };
    const everybody = Promise.all([operator(), ...users.map((user, index) => house.visit(index, user))]);
    await scheduler.waitIdle();
    assert.ok(house.mostInside <= mostPermits);
    // The operator goes home: what he left to do in a listener would pause the gate again after this.
    later.length = 0;
    gate.unpause();
    gate.resize(users.length + 2);
    await scheduler.waitIdle();
    house.assertAllEnded();
    await everybody;
    assert.deepEqual(faults, []);
    assert.deepEqual([gate.held, gate.waiting], [0, 0]);
  });
  await fc.assert(property, tries(400));
});
