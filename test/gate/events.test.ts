import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import { Priority, type Gate, type GateEvent, type GateOptions } from "../../src/gate/index.ts";
import { testGate } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";

const { FOREGROUND, BACKGROUND } = Priority;

function watched(t: TestContext, options: GateOptions = {}): { gate: Gate; events: GateEvent[] } {
  // No duration may be taken for a moment.
  if (options.clock instanceof ManualClock) options.clock.advance(1000);
  const gate = testGate(t, { name: "gpu", ...options });
  const events: GateEvent[] = [];
  gate.on("*", (event) => events.push(event));
  return { gate, events };
}

suite("each event says what happened, and the gate's figures right after it", () => {
  test("dispatch and release, of a call that did not wait", async (t) => {
    const clock = new ManualClock();
    const { gate, events } = watched(t, { clock });
    const permit = await gate.acquire({ label: "chat", priority: FOREGROUND });
    clock.advance(30);
    permit.release();
    const subject = { gate: "gpu", id: "1", priority: FOREGROUND, label: "chat" };
    assert.deepEqual(events, [
      { type: "dispatch", ...subject, held: 1, waiting: 0, waitedMs: 0, queued: false, resumed: false },
      { type: "release", ...subject, held: 0, waiting: 0, waitedMs: 0, heldMs: 30 },
    ]);
  });

  test("enqueue, and dispatch of a call that waited", async (t) => {
    const clock = new ManualClock();
    const { gate, events } = watched(t, { clock });
    const holder = await gate.acquire();
    const call = gate.acquire({ priority: 5 });
    clock.advance(20);
    holder.release();
    const permit = await call;
    clock.advance(10);
    permit.release();
    const subject = { gate: "gpu", id: "2", priority: 5, label: undefined };
    assert.deepEqual(
      events.filter((event) => "id" in event && event.id === "2"),
      [
        { type: "enqueue", ...subject, held: 1, waiting: 1 },
        { type: "dispatch", ...subject, held: 1, waiting: 0, waitedMs: 20, queued: true, resumed: false },
        { type: "release", ...subject, held: 0, waiting: 0, waitedMs: 20, heldMs: 10 },
      ],
    );
  });

  test("preempt, park and the dispatch that resumes", async (t) => {
    const clock = new ManualClock();
    const { gate, events } = watched(t, { clock });
    const permit = await gate.acquire({ preemptible: true });
    clock.advance(10);
    const person = gate.acquire({ priority: FOREGROUND });
    clock.advance(1);
    const parked = permit.yield();
    clock.advance(20);
    (await person).release();
    await parked;
    clock.advance(4);
    permit.release();
    const subject = { gate: "gpu", id: "1", priority: BACKGROUND, label: undefined };
    assert.deepEqual(
      events.filter((event) => "id" in event && event.id === "1"),
      [
        { type: "dispatch", ...subject, held: 1, waiting: 0, waitedMs: 0, queued: false, resumed: false },
        { type: "preempt", ...subject, held: 1, waiting: 1, heldMs: 10 },
        { type: "park", ...subject, held: 0, waiting: 2, heldMs: 11 },
        { type: "dispatch", ...subject, held: 1, waiting: 0, waitedMs: 20, queued: true, resumed: true },
        { type: "release", ...subject, held: 0, waiting: 0, waitedMs: 20, heldMs: 4 },
      ],
    );
  });

  test("evict, by each way to end a wait", async (t) => {
    const clock = new ManualClock();
    const { gate, events } = watched(t, { clock, maxWaiting: 4 });
    const holder = await gate.acquire();
    const controller = new AbortController();
    let id = "";
    const calls = [
      gate.acquire({ label: "aborted", signal: controller.signal }),
      gate.acquire({ label: "late", timeoutMs: 10 }),
      gate.acquire({ label: "cancelled", onEnqueue: (given) => (id = given) }),
      gate.acquire({ label: "displaced", priority: 200 }),
      gate.acquire({ label: "closed", priority: FOREGROUND }),
    ];
    clock.advance(10);
    controller.abort();
    gate.cancel(id);
    gate.close();
    await Promise.allSettled(calls);
    holder.release();
    assert.deepEqual(
      events
        .filter((event) => event.type === "evict")
        .map(({ label, code, waitedMs, parked, held, waiting }) => [label, code, waitedMs, parked, held, waiting]),
      [
        ["displaced", "displaced", 0, false, 1, 3],
        ["late", "queue_timeout", 10, false, 1, 3],
        ["aborted", "aborted", 10, false, 1, 2],
        ["cancelled", "cancelled", 10, false, 1, 1],
        ["closed", "closed", 10, false, 1, 0],
      ],
    );
  });

  test("reject, by each reason not to queue a call", async (t) => {
    const { gate, events } = watched(t, { maxWaiting: 0 });
    const holder = await gate.acquire();
    const refuse = (label: string, signal?: AbortSignal): Promise<void> =>
      assert.rejects(gate.acquire({ label, signal, priority: 3 }));
    await refuse("aborted", AbortSignal.abort());
    await refuse("full");
    const drain = gate.drain();
    await refuse("draining");
    holder.release();
    await drain;
    await refuse("closed");
    assert.deepEqual(
      events
        .filter((event) => event.type === "reject")
        .map(({ label, code, priority, held, waiting }) => [label, code, priority, held, waiting]),
      [
        ["aborted", "aborted", 3, 1, 0],
        ["full", "queue_full", 3, 1, 0],
        ["draining", "draining", 3, 1, 0],
        ["closed", "closed", 3, 0, 0],
      ],
    );
  });

  test("state, at every turn and resize", async (t) => {
    const { gate, events } = watched(t);
    gate.pause();
    gate.resize(3);
    gate.unpause();
    await gate.drain();
    assert.deepEqual(
      events.map((event) => event.type === "state" && [event.state, event.capacity]),
      [
        ["paused", 1],
        ["paused", 3],
        ["open", 3],
        ["draining", 3],
        ["closed", 3],
      ],
    );
  });
});

/** How the events of one call may follow each other, as GateEvents promises. */
const LIFE = /^(reject|enqueue evict|(enqueue )?dispatch( preempt| park resume)*( release| park evict))$/;

test("every call is told once, from its arrival to its end", async (t) => {
  const clock = new ManualClock();
  const { gate, events } = watched(t, { clock, capacity: 2, maxWaiting: 3 });
  const controller = new AbortController();
  const yielding = gate.tryAcquire({ preemptible: true, label: "yielding" })!;
  const steady = gate.tryAcquire({ label: "steady" })!;
  const refused = Promise.allSettled([
    gate.acquire({ label: "aborted", signal: controller.signal }),
    gate.acquire({ label: "timed out", timeoutMs: 5 }),
    gate.acquire({ label: "displaced", priority: 300 }),
  ]);
  const person = gate.acquire({ label: "person", priority: FOREGROUND });
  await assert.rejects(gate.acquire({ label: "full", priority: 200 }), { code: "queue_full" });
  const resumed = yielding.yield();
  controller.abort();
  clock.advance(5);
  (await person).release();
  assert.equal(await resumed, true);
  const second = gate.acquire({ label: "second person", priority: FOREGROUND });
  const parked = assert.rejects(yielding.yield(), { code: "closed" });
  gate.close();
  steady.release();
  (await second).release();
  await Promise.all([refused, parked]);

  const lives = new Map<string, string[]>();
  for (const event of events) {
    if (!("label" in event)) continue;
    const word = event.type === "dispatch" && event.resumed ? "resume" : event.type;
    lives.set(event.label ?? "", [...(lives.get(event.label ?? "") ?? []), word]);
  }
  assert.equal(lives.size, 8);
  for (const [label, words] of lives) assert.match(words.join(" "), LIFE, label);
});

suite("listeners", () => {
  test("of one kind hear that kind alone, those of * hear all", async (t) => {
    const gate = testGate(t);
    const heard: string[] = [];
    gate.on("release", ({ type }) => heard.push(`named ${type}`));
    gate.on("*", ({ type }) => heard.push(`all ${type}`));
    (await gate.acquire()).release();
    assert.deepEqual(heard, ["all dispatch", "named release", "all release"]);
  });

  test("are called in the order in which they were added, and each as often as it was added", async (t) => {
    const gate = testGate(t);
    const heard: string[] = [];
    const twice = (): unknown => heard.push("twice");
    gate.on("dispatch", twice);
    gate.on("dispatch", () => heard.push("once"));
    const stop = gate.on("dispatch", twice);
    (await gate.acquire()).release();
    stop();
    stop();
    (await gate.acquire()).release();
    assert.deepEqual(heard, ["twice", "once", "twice", "twice", "once"]);
  });

  test("hear nothing after they were taken off", async (t) => {
    const gate = testGate(t);
    const stop = gate.on("release", () => assert.fail("called"));
    stop();
    (await gate.acquire()).release();
    const heard: string[] = [];
    gate.on("release", ({ type }) => heard.push(type));
    stop();
    (await gate.acquire()).release();
    assert.deepEqual(heard, ["release"]);
  });

  test("see the gate after the change, whole and final", async (t) => {
    const gate = testGate(t);
    const seen: unknown[] = [];
    gate.on("*", ({ type, held, waiting }) => seen.push([type, held, waiting, gate.held, gate.waiting]));
    const holder = await gate.acquire();
    const call = gate.acquire();
    holder.release();
    assert.deepEqual(seen, [
      ["dispatch", 1, 0, 1, 0],
      ["enqueue", 1, 1, 1, 1],
      ["release", 0, 1, 1, 0],
      ["dispatch", 1, 0, 1, 0],
    ]);
    (await call).release();
  });

  test("that cause events are heard by all in one order", async (t) => {
    const gate = testGate(t);
    const heard: string[][] = [[], []];
    gate.on("*", (event) => {
      heard[0]!.push(event.type);
      if (event.type === "dispatch" && !gate.snapshot().waiters.length) gate.pause();
      if (event.type === "state" && event.state === "paused") gate.unpause();
    });
    gate.on("*", ({ type }) => heard[1]!.push(type));
    (await gate.acquire()).release();
    assert.deepEqual(heard[0], ["dispatch", "state", "state", "release"]);
    assert.deepEqual(heard[1], heard[0]);
  });
});
