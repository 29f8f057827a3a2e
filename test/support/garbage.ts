import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Collects garbage, turn by turn, until `condition` holds: finalizers run in turns of their own. The test's time limit ends it. */
export async function collectGarbageUntil(condition: () => boolean): Promise<void> {
  assert.ok(globalThis.gc, "run node with --expose-gc");
  while (!condition()) {
    await globalThis.gc({ execution: "async" });
    await nextTurn();
  }
}
