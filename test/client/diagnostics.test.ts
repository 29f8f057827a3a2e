import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { channelName, publishDiagnostics } from "../../src/client/diagnostics.ts";
import { Gate, type GateEvent, type GateEventName } from "../../src/gate/index.ts";
import { assertIdle } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Collects what comes over the channels of these events until the test ends. */
function collect(t: TestContext, ...names: GateEventName[]): GateEvent[] {
  const events: GateEvent[] = [];
  const listener = (message: unknown): void => void events.push(message as GateEvent);
  for (const name of names) {
    subscribe(channelName(name), listener);
    t.after(() => unsubscribe(channelName(name), listener));
  }
  return events;
}

test("each event comes over the channel of its name, as listeners get it", async (t) => {
  const gate = new Gate({ name: "mlx" });
  publishDiagnostics(gate);
  const published = collect(t, "enqueue", "dispatch", "release");
  const heard: GateEvent[] = [];
  gate.on("*", (event) => heard.push(event));
  await Promise.all([gate.run(() => {}), gate.run(() => {})]);
  assert.deepEqual(
    published.map(({ type, gate: name }) => `${name} ${type}`),
    ["mlx dispatch", "mlx enqueue", "mlx release", "mlx dispatch", "mlx release"],
  );
  assert.deepEqual(published, heard);
  assertIdle(gate);
});

test("gates share the channels, and an event says whose it is", async (t) => {
  const published = collect(t, "dispatch");
  for (const name of ["gpu 0", "gpu 1"]) {
    const gate = new Gate({ name });
    publishDiagnostics(gate);
    (await gate.acquire()).release();
    assertIdle(gate);
  }
  assert.deepEqual(
    published.map((event) => event.gate),
    ["gpu 0", "gpu 1"],
  );
});

test("it stops when told to", async (t) => {
  const gate = new Gate();
  const stop = publishDiagnostics(gate);
  const published = collect(t, "dispatch");
  stop();
  (await gate.acquire()).release();
  assert.deepEqual(published, []);
  assertIdle(gate);
});

async function starve(gate: Gate, clock: ManualClock): Promise<void> {
  const holder = await gate.acquire();
  const waiter = gate.acquire();
  clock.advance(300_000);
  holder.release();
  (await waiter).release();
  assertIdle(gate);
}

test("starvation that no subscriber hears still reaches the console, and one that does hear takes it over", async (t) => {
  const warned = t.mock.method(console, "warn", () => {});
  const clock = new ManualClock();
  const gate = new Gate({ clock });
  publishDiagnostics(gate);
  await starve(gate, clock);
  assert.equal(warned.mock.callCount(), 1);
  assert.match(String(warned.mock.calls[0]?.arguments[0]), /WARN starvation #2 priority=100 wait=300000ms/);
  const published = collect(t, "starvation");
  await starve(gate, clock);
  assert.equal(published.length, 1);
  assert.equal(warned.mock.callCount(), 1);
});

test("a subscriber that throws harms neither the gate nor other subscribers; Node reports it as uncaught", () => {
  // In a process of its own, because the test runner takes every uncaught exception for a failure.
  const src = join(import.meta.dirname, "../../src");
  const program = `
    import { subscribe } from "node:diagnostics_channel";
    import { publishDiagnostics } from ${JSON.stringify(join(src, "client/diagnostics.ts"))};
    import { Gate } from ${JSON.stringify(join(src, "gate/index.ts"))};
    let uncaught = 0, heard = 0;
    process.on("uncaughtException", () => uncaught++);
    const gate = new Gate();
    publishDiagnostics(gate);
    subscribe("headgate:dispatch", () => { throw new Error("subscriber broke"); });
    subscribe("headgate:dispatch", () => heard++);
    const answers = await Promise.all([1, 2, 3].map((answer) => gate.run(() => answer)));
    await new Promise(setImmediate);
    console.log(JSON.stringify({ answers, uncaught, heard, held: gate.held, waiting: gate.waiting }));
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { answers: [1, 2, 3], uncaught: 3, heard: 3, held: 0, waiting: 0 });
});

test("plain listeners that throw or reject never harm the gate, its calls, or other listeners", async (t) => {
  t.mock.method(console, "warn", () => {});
  const gate = new Gate();
  publishDiagnostics(gate);
  let heard = 0;
  const broken = new Error("listener broke");
  gate.on("*", () => {
    throw broken;
  });
  gate.on("*", () => Promise.reject(broken));
  gate.on("release", () => heard++);
  const answers = await Promise.all([1, 2, 3].map((answer) => gate.run(() => answer)));
  assert.deepEqual(answers, [1, 2, 3]);
  assert.equal(heard, 3);
  assertIdle(gate);
});
