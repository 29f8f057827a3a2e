import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gate, type GateEvent } from "../../src/gate/index.ts";
import { collectGarbage, collectGarbageUntil } from "../support/garbage.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Long enough for a permit to come under watch. */
const WATCHED_MS = 15_000;

/** In a function of its own, so that nothing on the stack refers to the permit any more. */
async function forgetPermit(gate: Gate, label?: string): Promise<void> {
  await gate.acquire({ label });
}

suite("a permit that was garbage-collected unreleased", () => {
  test("is reported once somebody waits for it, by name and time, and stays held", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ clock, name: "gpu" });
    const leaks: GateEvent<"leak">[] = [];
    gate.on("leak", (event) => leaks.push(event));
    await forgetPermit(gate, "forgotten");
    clock.advance(100);
    const call = assert.rejects(gate.acquire(), { code: "closed" });
    clock.advance(WATCHED_MS);
    await collectGarbageUntil(() => leaks.length > 0);
    const { heldMs, ...rest } = leaks[0]!;
    assert.deepEqual(rest, {
      type: "leak",
      gate: "gpu",
      held: 1,
      waiting: 1,
      id: "1",
      priority: 100,
      label: "forgotten",
    });
    assert.equal(heldMs, 100 + WATCHED_MS);
    clock.advance(WATCHED_MS);
    await collectGarbage(2);
    assert.equal(leaks.length, 1);
    assert.equal(gate.held, 1);
    gate.close();
    await call;
  });

  test("is reported on the console when nobody listens", async (t) => {
    const warn = t.mock.method(console, "warn", () => undefined).mock;
    const clock = new ManualClock();
    const gate = new Gate({ clock, name: "gpu" });
    await forgetPermit(gate, "forgotten");
    const call = assert.rejects(gate.acquire(), { code: "closed" });
    clock.advance(WATCHED_MS);
    await collectGarbageUntil(() => warn.callCount() > 0);
    const [message, event] = warn.calls[0]!.arguments as [string, GateEvent<"leak">];
    assert.match(message, /^headgate: leak .*"gpu"/);
    assert.deepEqual([event.label, event.heldMs], ["forgotten", WATCHED_MS]);
    gate.close();
    await call;
  });

  test("is reported when the call was abandoned, as by Promise.race, and granted later", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ clock });
    const leaks: string[] = [];
    gate.on("leak", ({ id }) => leaks.push(id));
    const holder = await gate.acquire();
    await Promise.race([gate.acquire(), Promise.resolve("somebody else won")]);
    holder.release();
    const call = assert.rejects(gate.acquire(), { code: "closed" });
    clock.advance(WATCHED_MS);
    await collectGarbageUntil(() => leaks.length > 0);
    assert.deepEqual(leaks, ["2"]);
    gate.close();
    await call;
  });
});

suite("no leak is reported", () => {
  test("for a permit that somebody still refers to", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ clock });
    const leaks: unknown[] = [];
    gate.on("leak", (event) => leaks.push(event));
    const permit = await gate.acquire();
    const call = gate.acquire();
    clock.advance(WATCHED_MS);
    await collectGarbage(3);
    assert.equal(leaks.length, 0);
    permit.release();
    (await call).release();
    assert.deepEqual([gate.held, clock.pending.all], [0, 0]);
  });

  test("for a permit that was released after it came under watch, and then forgotten", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ clock });
    const leaks: unknown[] = [];
    gate.on("leak", (event) => leaks.push(event));
    const holdAndRelease = async (): Promise<void> => {
      const permit = await gate.acquire();
      const call = gate.run(() => undefined);
      clock.advance(WATCHED_MS);
      permit.release();
      await call;
    };
    await holdAndRelease();
    await collectGarbage(3);
    assert.equal(leaks.length, 0);
  });

  test("while a task runs that does not look at its permit", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ clock });
    const leaks: unknown[] = [];
    gate.on("leak", (event) => leaks.push(event));
    const work = Promise.withResolvers<void>();
    const running = gate.run(() => work.promise);
    const waiting = gate.run(() => undefined);
    clock.advance(WATCHED_MS);
    await collectGarbage(3);
    assert.equal(leaks.length, 0);
    work.resolve();
    await Promise.all([running, waiting]);
    assert.deepEqual([gate.held, clock.pending.all], [0, 0]);
  });
});
