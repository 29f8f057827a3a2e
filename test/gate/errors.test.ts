import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate, GateError, isGateError } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { SecondCopy } from "../support/second-copy.ts";

type GateModule = typeof import("../../src/gate/index.ts");

test("a gate's error is an Error with a stable code, the stage it ended at, and the figures of the moment", () => {
  const error = new GateError("queue_full", "rejected", "gate is full", { waitedMs: 3, waiting: 4 });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.stage, error.waitedMs, error.waiting, error.message],
    ["GateError", "queue_full", "rejected", 3, 4, "gate is full"],
  );
  assert.match(String(error.stack), /errors\.test\.ts/);
});

test("two calls that end alike get two errors", async (t) => {
  const gate = testGate(t, { maxWaiting: 0 });
  const holder = await gate.acquire();
  const [first, second] = await Promise.all(
    [gate.acquire(), gate.acquire()].map((call) => call.catch((error: unknown) => error)),
  );
  assert.ok(isGateError(first) && isGateError(second));
  assert.notEqual(first, second);
  holder.release();
});

test("isGateError knows the errors of another copy of the package, and no look-alikes", async () => {
  using copy = new SecondCopy();
  const other = await copy.load<GateModule>("gate/index.ts");
  assert.notEqual(other.Gate, Gate);
  const gate = new other.Gate();
  gate.close();
  const error = await gate.acquire().catch((reason: unknown) => reason);
  assert.equal(error instanceof GateError, false);
  assert.ok(isGateError(error));
  assert.equal(error.code, "closed");
  assert.ok(other.isGateError(new GateError("closed", "evicted", "", { waitedMs: 0, waiting: 0 })));
  for (const lookAlike of [new Error("closed"), { code: "closed", name: "GateError" }, null, undefined, "closed", 1]) {
    assert.equal(isGateError(lookAlike), false);
  }
});

test("gates of two copies of the package keep out of each other's way", async () => {
  using copy = new SecondCopy();
  const other = await copy.load<GateModule>("gate/index.ts");
  const controller = new AbortController();
  const gates = [new Gate(), new other.Gate()];
  const holders = gates.map((gate) => gate.tryAcquire());
  const calls = gates.map((gate) =>
    assert.rejects(gate.acquire({ signal: controller.signal }), { name: "AbortError" }),
  );
  controller.abort();
  await Promise.all(calls);
  for (const holder of holders) holder?.release();
  assert.deepEqual(
    gates.map(({ held, waiting }) => [held, waiting]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});
