import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import type { Reserved } from "../../src/gate/index.ts";
import { tries } from "./model-runs.ts";
import { countingTrigger, platformTrigger } from "./model-signals.ts";
import { capacity, priority, programs, type AcquireStep, type Step } from "./model-steps.ts";
import { World, type WorldOptions } from "./model-world.ts";

const none = fc.constant(undefined);
const reserved: Arbitrary<Reserved> = fc.record({
  permits: fc.constantFrom(1, 1, 0, 2, 3),
  priority: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 50) }, { weight: 1, arbitrary: priority }),
});
const bound = fc.constantFrom(0, 1, 2, 4);
const aging = fc.constantFrom(25, 100, 400, 6400);

interface Kind {
  readonly reserved?: Arbitrary<Reserved>;
  readonly maxWaiting?: Arbitrary<number>;
  readonly agingMs?: Arbitrary<number>;
}

function worlds(kind: Kind): Arbitrary<WorldOptions> {
  return fc.record({
    capacity: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 1, arbitrary: capacity }),
    reserved: kind.reserved ?? none,
    maxWaiting: kind.maxWaiting ?? fc.constant(Infinity),
    agingMs: kind.agingMs ?? none,
    listening: fc.boolean(),
    newTrigger: fc.constantFrom(platformTrigger, countingTrigger),
  });
}

async function agreesWithModel(kind: Kind): Promise<void> {
  const agreement = fc.asyncProperty(worlds(kind), programs, async (options, program) => {
    const world = new World(options);
    await world.run(program);
    await world.end();
  });
  await fc.assert(agreement, tries(500));
}

test("a strict gate does what a sorted array does, whatever is asked of it", () => agreesWithModel({}));
test("an aging gate does what a sorted array does", () => agreesWithModel({ agingMs: aging }));
test("a bounded gate does what a sorted array does", () => agreesWithModel({ maxWaiting: bound }));
test("a gate with reserved permits does what a sorted array does", () => agreesWithModel({ reserved }));
test("an aging gate with reserved permits does what a sorted array does", () =>
  agreesWithModel({ reserved, agingMs: aging }));
test("a gate with all of these does what a sorted array does", () =>
  agreesWithModel({ reserved, maxWaiting: bound, agingMs: aging }));

/** States so rare that the properties above may miss them; each was got wrong once. */
const PLAIN: WorldOptions = {
  capacity: 1,
  reserved: undefined,
  maxWaiting: Infinity,
  agingMs: undefined,
  listening: true,
  newTrigger: platformTrigger,
};
function acquire(of: number, more: Partial<AcquireStep> = {}): AcquireStep {
  const plain = { by: "acquire", preemptible: false, labelled: true, signal: "none" } as const;
  return { do: "acquire", priority: of, ...plain, timeoutMs: undefined, again: false, behind: undefined, ...more };
}
async function plays(options: Partial<WorldOptions>, program: readonly Step[]): Promise<void> {
  const world = new World({ ...PLAIN, ...options });
  await world.run(program);
  await world.end();
}
const turn: Step = { do: "turn" };
const yields = (who: number): Step => ({ do: "yield", who, signal: "none", timeoutMs: undefined });

test("of two permits held where a shrink leaves one outside the reservation, one comes back when asked for", () =>
  plays({ capacity: 4, reserved: { permits: 1, priority: 0 } }, [
    acquire(100, { preemptible: true }),
    acquire(100, { preemptible: true }),
    turn,
    { do: "resize", capacity: 2 },
    acquire(50),
    yields(1),
    turn,
  ]));

test("nobody steps aside for a waiter for whom a shrink left no permit outside the reservation", () =>
  plays({ capacity: 2, reserved: { permits: 1, priority: 0 } }, [
    acquire(100),
    turn,
    { do: "resize", capacity: 1 },
    acquire(50),
    yields(0),
    turn,
  ]));

test("the holder of a reserved permit does not step aside for a sooner waiter who may not use it", () =>
  plays({ capacity: 2, reserved: { permits: 1, priority: 0 }, agingMs: 100 }, [
    acquire(100),
    acquire(100),
    { do: "advance", ms: 400 },
    acquire(0),
    turn,
    yields(1),
    turn,
  ]));

test("nobody is asked to step aside for a waiter whose abort the gate has yet to hear of", () =>
  plays({ capacity: 3 }, [
    acquire(100, { preemptible: true }),
    acquire(0),
    acquire(100, { preemptible: true }),
    turn,
    { do: "resize", capacity: 1 },
    acquire(50, { signal: "own" }),
    { do: "releaseInAbort", who: 0, whose: 2, early: true },
    turn,
  ]));
