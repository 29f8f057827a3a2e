import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Permit } from "../../src/gate/index.ts";
import { ModelRuns } from "../../src/gateway/model-runs.ts";
import { tries } from "../property/model-runs.ts";
import { testGate } from "../support/idle-gate.ts";

const NEVER_FULL = 100;

type Entered = ReturnType<ModelRuns["enter"]>;

/** A gate with one slot in front of a server that has one model in memory. */
class Scene {
  /** Names in the order in which they came and were served: "a1" is the first request for the model "a". */
  readonly arrived: string[] = [];
  readonly served: string[] = [];
  readonly #gate;
  readonly #runs = new ModelRuns();
  readonly #counts = new Map<string, number>();
  #holding: { readonly permit: Permit; readonly run: Entered } | undefined;
  readonly #waiting: Promise<unknown>[] = [];

  constructor(t: TestContext) {
    this.#gate = testGate(t);
  }

  /** A request for `model`, or of a server that changes none. */
  ask(model: string | undefined, limit: number, priority = 100): void {
    const name = `${model ?? "-"}${this.#count(model)}`;
    this.arrived.push(name);
    const need = { priority, model };
    const permit = this.#gate.tryAcquire({ priority });
    if (permit !== undefined) return this.#begin(name, permit, this.#runs.enter(need, permit.id));
    const id = this.#runs.placeFor(need, limit);
    let entered: Entered | undefined;
    const waiting = this.#gate.acquire({
      priority,
      place: id === undefined ? undefined : { id, arrivedAt: 0 },
      onEnqueue: (given) => (entered = this.#runs.enter(need, given)),
    });
    this.#waiting.push(waiting.then((granted) => this.#begin(name, granted, entered!)));
  }

  async finishOne(): Promise<void> {
    const { permit, run } = this.#holding!;
    run.leave();
    permit.release();
    await new Promise(setImmediate);
  }

  async finishAll(): Promise<void> {
    while (this.#gate.held > 0) await this.finishOne();
    await Promise.all(this.#waiting);
  }

  #begin(name: string, permit: Permit, run: Entered): void {
    this.served.push(name);
    this.#holding = { permit, run };
  }

  #count(model = "-"): number {
    const count = (this.#counts.get(model) ?? 0) + 1;
    this.#counts.set(model, count);
    return count;
  }
}

async function served(t: TestContext, limit: number, ...models: (string | undefined)[]): Promise<string> {
  const scene = new Scene(t);
  for (const model of models) scene.ask(model, limit);
  await scene.finishAll();
  return scene.served.join(" ");
}

test("requests for one model follow each other, each model in order of arrival", async (t) => {
  assert.equal(await served(t, NEVER_FULL, "a", "b", "a", "b", "a", "c", "b"), "a1 a2 a3 b1 b2 b3 c1");
});

test("a model takes in as many as the limit says before an earlier request for another, then stands behind it", async (t) => {
  assert.equal(await served(t, 2, "a", "b", "a", "a", "a", "b", "a"), "a1 a2 a3 b1 b2 a4 a5");
});

test("with a limit of 0 everybody is served in order of arrival", async (t) => {
  assert.equal(await served(t, 0, "a", "b", "a", "b", "a"), "a1 b1 a2 b2 a3");
});

test("requests of servers that change no models keep their places among those that do", async (t) => {
  assert.equal(await served(t, NEVER_FULL, "a", undefined, "b", undefined, "a", "b"), "a1 a2 -1 b1 b2 -2");
});

test("once nobody of a model waits or runs, a newcomer for it goes behind everybody", async (t) => {
  const scene = new Scene(t);
  for (const model of ["a", "b", "c"]) scene.ask(model, NEVER_FULL);
  await scene.finishOne();
  scene.ask("a", NEVER_FULL);
  await scene.finishAll();
  assert.deepEqual(scene.served, ["a1", "b1", "c1", "a2"]);
});

test("another priority is another line", async (t) => {
  const scene = new Scene(t);
  scene.ask("a", NEVER_FULL);
  scene.ask("b", NEVER_FULL, 0);
  scene.ask("b", NEVER_FULL);
  scene.ask("a", NEVER_FULL, 0);
  scene.ask("a", NEVER_FULL);
  await scene.finishAll();
  assert.deepEqual(scene.served, ["a1", "b1", "a2", "a3", "b2"]);
});

test("nobody is lost, no model overtakes itself, and none overtakes a request by more than the limit", async (t) => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("a", "b", "c", undefined) },
    { weight: 1, arbitrary: fc.constant("finish" as const) },
  );
  const holds = fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat({ max: 4 }), async (steps, limit) => {
    const scene = new Scene(t);
    scene.ask("a", limit);
    for (const what of steps) {
      if (what !== "finish") scene.ask(what, limit);
      else if (scene.served.length < scene.arrived.length) await scene.finishOne();
    }
    await scene.finishAll();
    const { arrived, served: order } = scene;
    assert.deepEqual(order.toSorted(), arrived.toSorted());
    for (const name of arrived) {
      const came = arrived.indexOf(name);
      const ahead = order.slice(0, order.indexOf(name)).filter((other) => arrived.indexOf(other) > came);
      assert.ok(!ahead.some((other) => other[0] === name[0]), `${name} was overtaken by its own model`);
      for (const model of ["a", "b", "c"]) {
        const overtaking = ahead.filter((other) => other[0] === model).length;
        assert.ok(overtaking <= limit, `${overtaking} requests for ${model} overtook ${name}, and ${limit} may`);
      }
      assert.ok(!ahead.some((other) => other[0] === "-"), "who needs no model overtakes nobody");
    }
  });
  await fc.assert(holds, tries(200));
});
