import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { Gate, type AbortSignalLike, type Permit } from "../../src/gate/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { tries } from "./model-runs.ts";
import { countingTrigger, platformTrigger, type CountingSignal, type Trigger } from "./model-signals.ts";

type Move =
  | {
      readonly do: "acquire";
      readonly under: number;
      readonly timeoutMs: number | undefined;
      readonly priority: number;
    }
  | { readonly do: "release" | "yield" | "cancel" | "abort"; readonly who: number }
  | { readonly do: "advance" }
  | { readonly do: "turn" };

const SIGNALS = 6;
const under = fc.nat({ max: SIGNALS - 1 });
const move: Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("acquire" as const),
      under,
      timeoutMs: fc.constantFrom(undefined, undefined, 10),
      priority: fc.constantFrom(0, 50, 100),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("release" as const, "yield" as const), who: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "abort" as const), who: fc.nat() }) },
  { weight: 5, arbitrary: fc.constantFrom<Move[]>({ do: "advance" }, { do: "turn" }, { do: "turn" }) },
);
const programs = fc.array(move, { minLength: 1, maxLength: 80, size: "max" });

/** Plays `program` under `triggers`, and asserts after every move that exactly those signals are listened to that somebody needs. */
async function play(
  program: readonly Move[],
  triggers: readonly Trigger[],
  listenersOf: (signal: AbortSignalLike) => number,
): Promise<void> {
  const clock = new ManualClock();
  const gate = new Gate({ capacity: 2, maxWaiting: 12, clock });
  const permits = new Map<string, Permit>();
  const outcomes: string[] = [];
  let calls = 0;
  const acquire = ({ under: index, timeoutMs, priority }: Extract<Move, { do: "acquire" }>): void => {
    const { signal, reason } = triggers[index]!;
    calls += 1;
    gate.acquire({ signal, timeoutMs, priority, label: String(index) }).then(
      (permit) => {
        permits.set(permit.id, permit);
        return outcomes.push("granted");
      },
      (error: unknown) => outcomes.push(error === reason ? "aborted" : "refused"),
    );
  };
  const act = (step: Move): void => {
    const { waiters, holders } = gate.snapshot();
    if (step.do === "acquire") acquire(step);
    else if (step.do === "abort") triggers[step.who % SIGNALS]!.abort();
    else if (step.do === "cancel") gate.cancel(waiters[step.who % waiters.length]?.id ?? "nobody");
    else if (step.do === "advance") clock.advance(5);
    else if (step.do !== "turn") {
      const permit = permits.get(holders[step.who % holders.length]?.id ?? "nobody");
      if (step.do === "release") permit?.release();
      else permit?.yield().catch((error: unknown) => void error);
    }
  };
  const check = (): void => {
    const { waiters } = gate.snapshot();
    for (const [index, { signal }] of triggers.entries()) {
      const needed = waiters.some(({ label }) => label === String(index)) ? 1 : 0;
      assert.equal(listenersOf(signal), needed, `listeners of signal ${index}`);
    }
  };
  for (const step of program) {
    act(step);
    check();
    if (step.do === "turn") await nextTurn();
  }
  for (const { abort } of triggers) abort();
  check();
  await nextTurn();
  assert.deepEqual([gate.waiting, outcomes.length, clock.pending.keepAlive], [0, calls, 0]);
}

test("a signal has one listener while anybody waits under it, however many, and none at any other time", async () => {
  const property = fc.asyncProperty(programs, async (program) => {
    const triggers = Array.from({ length: SIGNALS }, countingTrigger);
    await play(program, triggers, (signal) => (signal as CountingSignal).listeners);
  });
  await fc.assert(property, tries(200));
});

test("the same of the platform's own signals", async () => {
  const property = fc.asyncProperty(programs, async (program) => {
    const triggers = Array.from({ length: SIGNALS }, platformTrigger);
    await play(program, triggers, (signal) => getEventListeners(signal as AbortSignal, "abort").length);
  });
  await fc.assert(property, tries(200));
});
