/**
 * Long runs. Each tells its seed: `SOAK_SEED=123 npm run test:soak` repeats it, `SOAK_OPERATIONS=20000000` goes on for longer.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test, type TestContext } from "node:test";
import { queryObjects } from "node:v8";
import fc from "fast-check";
import { Call } from "../../src/gate/call.ts";
import { countingTrigger, platformTrigger } from "../property/model-signals.ts";
import { lastingStep } from "../property/model-steps.ts";
import { World, type WorldOptions } from "../property/model-world.ts";
import { DeepLine, deepMove } from "./deep-line.ts";

const SEED = Number(process.env["SOAK_SEED"] ?? randomInt(2 ** 31));
const OPERATIONS = Number(process.env["SOAK_OPERATIONS"] ?? 1_000_000);
const ROUND = 2000;
/** The engine's own code comes and goes by a few MiB; what the gate keeps is counted exactly. */
const HEAP_GROWTH_ALLOWED = 8 * 2 ** 20;
/** The latest permits, which the worlds keep in order to release them again. */
const CALLS_KEPT = 40;

interface Course {
  /** So many operations, chosen by `seed`. */
  readonly round: (seed: number) => Promise<void>;
  /** Lets everybody leave. */
  readonly rest: () => Promise<void>;
}

/** Goes on until all operations are done. At rest no call may be left in memory, and the heap not grow in the second half. */
async function soak(context: TestContext, { round, rest }: Course): Promise<void> {
  context.diagnostic(`SOAK_SEED=${SEED}, ${OPERATIONS} operations`);
  const rounds = Math.ceil(OPERATIONS / ROUND);
  let heapHalfWay = Infinity;
  for (let index = 0; index < rounds; index++) {
    try {
      await round(SEED + index);
      if (index !== Math.floor(rounds / 2)) continue;
      await rest();
      heapHalfWay = heapUsed();
    } catch (error) {
      throw new Error(`SOAK_SEED=${SEED}: round ${index} of ${rounds} failed`, { cause: error });
    }
  }
  await rest();
  const calls = queryObjects(Call, { format: "count" });
  const growth = heapUsed() - heapHalfWay;
  context.diagnostic(`${calls} calls are left in memory; the heap grew by ${Math.round(growth / 1024)} KiB`);
  assert.ok(calls <= CALLS_KEPT, `${calls} calls are left in memory`);
  assert.ok(growth < HEAP_GROWTH_ALLOWED, `the heap grew by ${growth} bytes`);
}

function heapUsed(): number {
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

const PLAIN: WorldOptions = {
  capacity: 2,
  reserved: undefined,
  maxWaiting: Infinity,
  agingMs: undefined,
  listening: false,
  newTrigger: platformTrigger,
};
const KINDS: readonly WorldOptions[] = [
  PLAIN,
  { ...PLAIN, agingMs: 400, listening: true },
  { ...PLAIN, maxWaiting: 4, newTrigger: countingTrigger },
  { ...PLAIN, capacity: 3, reserved: { permits: 1, priority: 50 } },
  { ...PLAIN, capacity: 3, reserved: { permits: 1, priority: 0 }, maxWaiting: 6, agingMs: 100, listening: true },
];

test("over a million operations five gates do what sorted arrays do, and keep nothing of it", async (context) => {
  const worlds = KINDS.map((options) => new World(options));
  const round = async (seed: number): Promise<void> => {
    const world = worlds[seed % worlds.length]!;
    await world.run(fc.sample(lastingStep, { numRuns: ROUND, seed }));
    await world.rest();
  };
  await soak(context, { round, rest: () => Promise.resolve() });
  for (const world of worlds) await world.end();
});

test("over a million operations a line tens of thousands deep serves in order, and keeps nothing of it", async (context) => {
  const line = new DeepLine();
  const round = (seed: number): Promise<void> => line.play(fc.sample(deepMove, { numRuns: ROUND, seed }));
  await soak(context, { round, rest: () => line.empty() });
});
