/** The gate beside other platforms than this Node, and beside a process that wants to end. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { systemClock } from "../../src/gate/index.ts";
import { SecondCopy } from "../support/second-copy.ts";

type GateModule = typeof import("../../src/gate/index.ts");

const gateUrl = pathToFileURL(`${import.meta.dirname}/../../src/gate/index.ts`).href;

/** What a program prints that has a gate `gate` and ends by itself. */
async function outputOf(program: string): Promise<string> {
  const code = `import { Gate } from ${JSON.stringify(gateUrl)}; const gate = new Gate(); ${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code]);
  return stdout;
}

suite("a process", () => {
  test("that awaits a call with a time limit lives to see its end", async () => {
    const output = await outputOf(`
      const holder = await gate.acquire();
      await gate.acquire({ timeoutMs: 5 }).catch((error) => console.log(error.code));
    `);
    assert.equal(output, "queue_timeout\n");
  });

  test("is not kept alive by waiters who have none", async () => {
    const output = await outputOf(`
      const holder = await gate.acquire();
      gate.acquire();
      process.on("exit", () => console.log("ended with", gate.waiting, "waiting"));
    `);
    assert.equal(output, "ended with 1 waiting\n");
  });
});

suite("on a platform without Node's addAbortListener", () => {
  test("a listener that stops the event does not leave the waiter hanging, and nothing stays on the signal", async (t) => {
    t.mock.method(process, "getBuiltinModule", () => undefined);
    const derived = t.mock.method(AbortSignal, "any").mock;
    using copy = new SecondCopy();
    const { Gate } = await copy.load<GateModule>("gate/index.ts");
    const gate = new Gate();
    const holder = await gate.acquire();
    const controller = new AbortController();
    controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    const calls = [1, 2].map(() =>
      assert.rejects(gate.acquire({ signal: controller.signal }), (reason) => reason === null),
    );
    controller.abort(null);
    assert.equal(gate.waiting, 0);
    await Promise.all(calls);
    assert.equal(derived.callCount(), 1);
    assert.deepEqual(getEventListeners(derived.calls[0]!.result!, "abort"), []);
    holder.release();
  });

  test("a call that is granted leaves nothing on its signal", async (t) => {
    t.mock.method(process, "getBuiltinModule", () => undefined);
    const derived = t.mock.method(AbortSignal, "any").mock;
    using copy = new SecondCopy();
    const { Gate } = await copy.load<GateModule>("gate/index.ts");
    const gate = new Gate();
    const holder = await gate.acquire();
    const call = gate.run(() => undefined, { signal: new AbortController().signal });
    holder.release();
    await call;
    assert.deepEqual(getEventListeners(derived.calls[0]!.result!, "abort"), []);
  });
});

suite("the platform's clock", () => {
  test("calls back once, unless it was called off; calling off late is harmless", async () => {
    const called: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = systemClock.after(0, () => called.push("called off"), true);
    callOff();
    const late = systemClock.after(
      1,
      () => {
        called.push("called");
        resolve();
      },
      true,
    );
    await promise;
    late();
    callOff();
    assert.deepEqual(called, ["called"]);
  });

  test("never goes backwards", () => {
    let last = -Infinity;
    for (let reading = 0; reading < 1000; reading++) {
      const now = systemClock.now();
      assert.ok(now >= last);
      last = now;
    }
  });
});
