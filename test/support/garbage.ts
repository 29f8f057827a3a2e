import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Far more than it takes, also when finalizers come some turns late. */
const MANY_TIMES = 300;

/** Collects garbage `times` times, and lets finalizers run after each. */
export async function collectGarbage(times: number): Promise<void> {
  assert.ok(globalThis.gc, "run node with --expose-gc");
  for (let time = 0; time < times; time++) {
    await globalThis.gc({ execution: "async" });
    await nextTurn();
  }
}

/** Collects garbage until `condition` holds, and fails if it does not come to that. */
export async function collectGarbageUntil(condition: () => boolean): Promise<void> {
  for (let time = 0; time < MANY_TIMES; time++) {
    if (condition()) return;
    await collectGarbage(1);
  }
  assert.fail("something is still referred to that should be garbage");
}
