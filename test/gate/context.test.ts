import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { suite, test } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

suite("the asynchronous context is the caller's, not the releaser's", () => {
  test("in the continuation of acquire", async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const gate = testGate(t);
    const holder = await storage.run("holder", () => gate.acquire());
    const call = storage.run("caller", async () => {
      using _ = await gate.acquire();
      return storage.getStore();
    });
    storage.run("releaser", () => holder.release());
    assert.equal(await call, "caller");
  });

  test("in a task of run, also after its own awaits, free gate or busy", async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const gate = testGate(t);
    const seen: (string | undefined)[] = [];
    const look = async (): Promise<void> => {
      seen.push(storage.getStore());
      await Promise.resolve();
      seen.push(storage.getStore());
    };
    const first = storage.run("first", () => gate.run(look));
    const second = storage.run("second", () => gate.run(look));
    const third = gate.run(look);
    await Promise.all([first, second, third]);
    assert.deepEqual(seen, ["first", "first", "second", "second", undefined, undefined]);
  });

  test("after a yield", async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const gate = testGate(t);
    const parked = storage.run("parked", () =>
      gate.run(async (permit) => {
        void storage.run("person", () => gate.run(() => undefined, { priority: Priority.FOREGROUND }));
        assert.equal(await permit.yield(), true);
        return storage.getStore();
      }),
    );
    assert.equal(await parked, "parked");
  });

  test("after a rejection by abort, time-out or close", async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const clock = new ManualClock();
    const gate = testGate(t, { clock });
    const holder = await gate.acquire();
    const controller = new AbortController();
    const fail = (name: string, options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<string | undefined> =>
      storage.run(name, async () => {
        await assert.rejects(gate.acquire(options));
        return storage.getStore();
      });
    const calls = [fail("aborted", { signal: controller.signal }), fail("timed out", { timeoutMs: 5 }), fail("closed")];
    storage.run("somebody else", () => {
      controller.abort();
      clock.advance(5);
      gate.close();
    });
    assert.deepEqual(await Promise.all(calls), ["aborted", "timed out", "closed"]);
    holder.release();
  });
});
