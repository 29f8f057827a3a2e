import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import type { Reserved } from "../../src/gate/index.ts";
import { tries } from "./model-runs.ts";
import { countingTrigger, platformTrigger } from "./model-signals.ts";
import { anyStep, capacity, priority } from "./model-steps.ts";
import { World, type WorldOptions } from "./model-world.ts";

const none = fc.constant(undefined);
const reserved: Arbitrary<Reserved> = fc.record({
  permits: fc.integer({ min: 0, max: 3 }),
  priority: fc.oneof(fc.constantFrom(0, 50), priority),
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
    capacity,
    reserved: kind.reserved ?? none,
    maxWaiting: kind.maxWaiting ?? fc.constant(Infinity),
    agingMs: kind.agingMs ?? none,
    listening: fc.boolean(),
    newTrigger: fc.constantFrom(platformTrigger, countingTrigger),
  });
}

const programs = fc.array(anyStep, { minLength: 1, maxLength: 120, size: "max" });

async function agreesWithModel(kind: Kind): Promise<void> {
  const agreement = fc.asyncProperty(worlds(kind), programs, async (options, program) => {
    const world = new World(options);
    await world.run(program);
    await world.end();
  });
  await fc.assert(agreement, tries(400));
}

test("a strict gate does what a sorted array does, whatever is asked of it", () => agreesWithModel({}));
test("an aging gate does what a sorted array does", () => agreesWithModel({ agingMs: aging }));
test("a bounded gate does what a sorted array does", () => agreesWithModel({ maxWaiting: bound }));
test("a gate with reserved permits does what a sorted array does", () => agreesWithModel({ reserved }));
test("a gate with all of these does what a sorted array does", () =>
  agreesWithModel({ reserved, maxWaiting: bound, agingMs: aging }));
