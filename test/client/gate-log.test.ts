import assert from "node:assert/strict";
import { test } from "node:test";
import { logGate, type LogLevel } from "../../src/client/gate-log.ts";
import { Gate, Priority } from "../../src/gate/index.ts";
import { assertIdle } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

const MINUTE_MS = 60_000;

/** A gate on a clock of ours, and what its log printed. */
function logged(options: { capacity?: number; maxWaiting?: number } = {}) {
  const clock = new ManualClock();
  const gate = new Gate({ name: "mlx", clock, ...options });
  const lines: string[] = [];
  const stop = logGate(gate, { write: (line, level) => lines.push(level === "warn" ? `! ${line}` : line) });
  return { gate, clock, lines, stop };
}

test("it prints enqueue, dispatch and release with priority, wait, hold and depth", async () => {
  const { gate, clock, lines } = logged();
  const first = await gate.acquire({ label: "classify a.pdf" });
  const second = gate.acquire({ priority: Priority.FOREGROUND });
  clock.advance(1204);
  first.release();
  clock.advance(31.4);
  (await second).release();
  assert.deepEqual(lines, [
    '[mlx] dispatch #1 priority=100 wait=0ms depth=0 held=1 label="classify a.pdf"',
    "[mlx] enqueue #2 priority=0 depth=1 held=1",
    '[mlx] release #1 priority=100 wait=0ms hold=1204ms depth=1 held=0 label="classify a.pdf"',
    "[mlx] dispatch #2 priority=0 wait=1204ms depth=0 held=1",
    "[mlx] release #2 priority=0 wait=1204ms hold=31ms depth=0 held=0",
  ]);
  assertIdle(gate);
});

test("it prints the starvation of a background waiter as a WARN that names the oldest, how many, and the depth", async () => {
  const { gate, clock, lines } = logged();
  const holder = await gate.acquire({ priority: Priority.FOREGROUND });
  const waiters = [gate.acquire({ label: "oldest" }), gate.acquire()];
  clock.advance(5 * MINUTE_MS);
  const warnings = lines.filter((line) => line.startsWith("!"));
  assert.deepEqual(warnings, [
    '! [mlx] WARN starvation #2 priority=100 wait=300000ms count=2 threshold=300000ms depth=2 held=1 label="oldest"',
  ]);
  holder.release();
  for (const waiter of waiters) (await waiter).release();
  assertIdle(gate);
});

test("it prints every other event too: refused, evicted, asked to step aside, parked, resumed, changed", async () => {
  const { gate, clock, lines } = logged({ maxWaiting: 1 });
  const background = await gate.acquire({ preemptible: true });
  const waiter = gate.acquire({ timeoutMs: 10 });
  await assert.rejects(gate.acquire({ label: "late" }), { code: "queue_full" });
  clock.advance(10);
  await assert.rejects(waiter, { code: "queue_timeout" });
  const foreground = gate.acquire({ priority: 0 });
  const parked = background.yield();
  (await foreground).release();
  await parked;
  background.release();
  gate.resize(2);
  assert.deepEqual(
    lines.filter((line) => !/ (enqueue|release) /.test(line)),
    [
      "[mlx] dispatch #1 priority=100 wait=0ms depth=0 held=1",
      '[mlx] reject priority=100 code=queue_full depth=1 held=1 label="late"',
      "[mlx] evict #2 priority=100 code=queue_timeout wait=10ms depth=0 held=1",
      "[mlx] preempt #1 priority=100 hold=10ms depth=1 held=1",
      "[mlx] park #1 priority=100 hold=10ms depth=2 held=0",
      "[mlx] dispatch #4 priority=0 wait=0ms depth=1 held=1",
      "[mlx] dispatch #1 priority=100 wait=0ms resumed depth=0 held=1",
      "[mlx] state state=open capacity=2 depth=0 held=0",
    ],
  );
  assertIdle(gate);
});

test("a label cannot break a line or forge another", async () => {
  const { gate, lines } = logged();
  (await gate.acquire({ label: 'x"\n[mlx] release #9' })).release();
  for (const line of lines) assert.doesNotMatch(line, /\n/);
});

test("a fault of another listener is a WARN", async () => {
  const { gate, lines } = logged();
  gate.on("dispatch", () => {
    throw new Error("listener broke");
  });
  (await gate.acquire()).release();
  assert.deepEqual(
    lines.filter((line) => line.startsWith("!")),
    ['! [mlx] WARN fault during=dispatch error="Error: listener broke" depth=0 held=1'],
  );
  assertIdle(gate);
});

test("by default it prints to stdout, and warnings to stderr", async (t) => {
  const printed: [LogLevel, string][] = [];
  t.mock.method(console, "log", (line: string) => printed.push(["info", line]));
  t.mock.method(console, "warn", (line: string) => printed.push(["warn", line]));
  const clock = new ManualClock();
  const gate = new Gate({ clock, starvationWarnMs: 100 });
  logGate(gate);
  const holder = await gate.acquire();
  const waiter = gate.acquire();
  clock.advance(100);
  holder.release();
  (await waiter).release();
  const levels = printed.map(([level, line]) => `${level} ${line.split(" ")[1]}`);
  assert.deepEqual(levels, [
    "info dispatch",
    "info enqueue",
    "warn WARN",
    "info release",
    "info dispatch",
    "info release",
  ]);
  assertIdle(gate);
});

test("it stops when told to", async () => {
  const { gate, lines, stop } = logged();
  stop();
  (await gate.acquire()).release();
  assert.deepEqual(lines, []);
});

test("a write that throws never harms the gate", async (t) => {
  const warned = t.mock.method(console, "warn", () => {});
  const gate = new Gate();
  logGate(gate, {
    write() {
      throw new Error("disk full");
    },
  });
  const answers = await Promise.all([1, 2, 3].map((answer) => gate.run(() => answer)));
  assert.deepEqual(answers, [1, 2, 3]);
  assert.ok(warned.mock.callCount() > 0);
  assertIdle(gate);
});
