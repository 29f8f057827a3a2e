import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { Gate, type Permit } from "../../src/gate/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { tries } from "./model-runs.ts";

/** Decimal fractions, as a real clock gives them: their sums are rounded. */
const milliseconds = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 5_000_000 }).map((micros) => micros / 1000),
);
const agingMs = fc.oneof(
  fc.constant(30_000),
  fc.integer({ min: 1, max: 1_000_000 }).map((tenths) => tenths / 10),
);
const priority = fc.oneof(
  fc.constantFrom(0, 100),
  fc.integer({ min: -10_000, max: 10_000 }).map((tenths) => tenths / 10),
);

type Move =
  | { readonly do: "arrive"; readonly priority: number; readonly after: number }
  | { readonly do: "release" | "yield"; readonly who: number }
  | { readonly do: "reprioritise"; readonly who: number; readonly priority: number };

const who = fc.nat({ max: 40 });
function moves(of: Arbitrary<number>): Arbitrary<Move[]> {
  const move = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("arrive" as const), priority: of, after: milliseconds }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("release" as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("yield" as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reprioritise" as const), who, priority: of }) },
  );
  return fc.array(move, { minLength: 10, maxLength: 100, size: "max" });
}

interface Visitor {
  readonly number: number;
  readonly arrivedAt: number;
  priority: number;
  permit: Permit | undefined;
}

/** Plays `moves` on a gate with aging and asserts `fair` of everyone who was let in while somebody else went on waiting. */
async function play(
  { agingMs: aging, capacity }: { readonly agingMs: number; readonly capacity: number },
  program: readonly Move[],
  fair: (chosen: Visitor, waiter: Visitor) => boolean,
): Promise<void> {
  const clock = new ManualClock();
  const gate = new Gate({ agingMs: aging, capacity, clock });
  const visitors = new Map<string, Visitor>();
  const unfair: string[] = [];
  gate.on("dispatch", ({ label, queued }) => {
    if (!queued) return;
    const chosen = visitors.get(label!)!;
    const waiters = gate.snapshot().waiters.map((waiter) => visitors.get(waiter.label!)!);
    for (const waiter of waiters.filter((other) => !fair(chosen, other)))
      unfair.push(`${tell(chosen)} before ${tell(waiter)}`);
  });
  const inside = (): Visitor[] => gate.snapshot().holders.map((holder) => visitors.get(holder.label!)!);
  const act = (move: Move): void => {
    if (move.do === "arrive") {
      clock.advance(move.after);
      const number = visitors.size;
      const visitor: Visitor = { number, arrivedAt: clock.now(), priority: move.priority, permit: undefined };
      visitors.set(String(number), visitor);
      void gate.acquire({ priority: move.priority, label: String(number) }).then((permit) => (visitor.permit = permit));
    } else if (move.do === "reprioritise") {
      // A parked call's arrival is only known up to a rounding error.
      const waiters = gate.snapshot().waiters.filter(({ parked }) => !parked);
      const waiter = waiters[move.who % waiters.length];
      if (waiter === undefined) return;
      visitors.get(waiter.label!)!.priority = move.priority;
      gate.reprioritise(waiter.id, move.priority);
    } else {
      const holders = inside();
      const holder = holders[move.who % holders.length];
      if (move.do === "release") holder?.permit!.release();
      else void holder?.permit!.yield();
    }
  };
  for (const move of program) {
    act(move);
    await nextTurn();
  }
  while (gate.held > 0) {
    for (const { permit } of inside()) permit!.release();
    await nextTurn();
  }
  assert.deepEqual(unfair, []);
  assert.deepEqual([gate.waiting, clock.pending.all], [0, 0]);
}

function tell({ number, priority: of, arrivedAt }: Visitor): string {
  return `${number} (priority ${of}, came at ${arrivedAt})`;
}

const gates = fc.record({ agingMs, capacity: fc.integer({ min: 1, max: 3 }) });

test("a waiter is overtaken only by those who came less than their advantage in priority, in agingMs per 100, after it", async () => {
  const bounded = fc.asyncProperty(gates, moves(priority), async (options, program) => {
    await play(options, program, (chosen, waiter) => {
      const advantage = (options.agingMs * (waiter.priority - chosen.priority)) / 100;
      const later = chosen.arrivedAt - waiter.arrivedAt;
      // The keys are doubles: within their precision a tie may fall either way.
      const precision =
        1e-12 * (chosen.arrivedAt + options.agingMs * (Math.abs(waiter.priority) + Math.abs(chosen.priority)));
      return later <= advantage + precision;
    });
  });
  await fc.assert(bounded, tries(250));
});

test("within one priority it is first come, first served under aging too, however a waiter came by its priority", async () => {
  const few = fc.constantFrom(0, 100, 33.3);
  const inOrder = fc.asyncProperty(gates, moves(few), async (options, program) => {
    await play(
      options,
      program,
      (chosen, waiter) => chosen.priority !== waiter.priority || chosen.number < waiter.number,
    );
  });
  await fc.assert(inOrder, tries(250));
});

test("a foreground that never ceases does not keep the background out for longer than agingMs", async () => {
  const gatesAndGaps = fc.record({
    capacity: fc.integer({ min: 1, max: 3 }),
    gapMs: fc.integer({ min: 1, max: 5000 }),
    gaps: fc.nat({ max: 40 }),
  });
  const comesToPass = fc.asyncProperty(gatesAndGaps, async ({ capacity, gapMs, gaps }) => {
    const clock = new ManualClock();
    const gate = new Gate({ capacity, clock, agingMs: gapMs * (gaps + 0.5) });
    const foreground = await Promise.all(Array.from({ length: capacity }, () => gate.acquire({ priority: 0 })));
    let served = false;
    void gate.run(() => (served = true), { priority: 100 });
    // One comes as one goes: the gate is never free, and there is always somebody in the foreground to choose.
    for (let come = 0; come <= gaps + 1; come++) {
      void gate.acquire({ priority: 0 }).then((permit) => foreground.push(permit));
      clock.advance(gapMs);
      if (come > gaps) assert.equal(gate.snapshot().waiters[0]?.priority, 100);
      foreground.shift()!.release();
      await nextTurn();
    }
    assert.ok(served);
    for (const permit of foreground) permit.release();
    gate.close();
  });
  await fc.assert(comesToPass, tries(100));
});
