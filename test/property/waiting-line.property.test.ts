import assert from "node:assert/strict";
import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { Call } from "../../src/gate/call.ts";
import { Permits } from "../../src/gate/permits.ts";
import { WaitingLine } from "../../src/gate/waiting-line.ts";
import { SortedLine } from "./model-line.ts";
import { tries } from "./model-runs.ts";

/** More distinct priorities than the line keeps runs open for, and few enough that many waiters share one. */
const priority: Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 100) },
  { weight: 2, arbitrary: fc.integer({ min: -60, max: 60 }) },
  { weight: 1, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
);

type Move =
  | { readonly do: "join"; readonly priority: number; readonly after: number }
  | { readonly do: "leave" | "serve"; readonly who: number }
  /** A waiter that was served before comes back to its old place. */
  | { readonly do: "park"; readonly who: number }
  | { readonly do: "reprioritise"; readonly who: number; readonly priority: number };

const who = fc.nat({ max: 300 });
const move: Arbitrary<Move> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("join" as const), priority, after: fc.nat({ max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("leave" as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("serve" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("park" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reprioritise" as const), who, priority }) },
);

/** The line and the sorted array, moved alike. */
class Lines {
  readonly line: WaitingLine;
  readonly sorted: SortedLine = new SortedLine();
  readonly #msPerPriority: number;
  readonly #served: Call[] = [];
  #arrivals = 0;
  #now = 0;

  constructor(bounded: boolean, msPerPriority: number) {
    this.line = new WaitingLine(new Permits(Infinity, undefined), bounded);
    this.#msPerPriority = msPerPriority;
  }

  move(step: Move): void {
    switch (step.do) {
      case "join":
        this.#now += step.after;
        this.#add(new Call(this.#keyOf(step.priority, this.#now), step.priority, ++this.#arrivals, this.#now));
        break;
      case "leave":
        this.#remove(this.#anyone(step.who));
        break;
      case "serve": {
        const first = this.line.first();
        this.#remove(first);
        if (first !== undefined) this.#served.push(first);
        break;
      }
      case "park": {
        const [back] = this.#served.splice(step.who % (this.#served.length || 1), 1);
        if (back !== undefined) back.state = "parked";
        this.#add(back);
        break;
      }
      case "reprioritise": {
        const waiter = this.#anyone(step.who);
        if (waiter === undefined) break;
        this.#remove(waiter);
        waiter.key = this.#keyOf(step.priority, waiter.since);
        waiter.priority = step.priority;
        this.#add(waiter);
        break;
      }
    }
  }

  #keyOf(of: number, arrivedAt: number): number {
    return this.#msPerPriority === 0 ? of : arrivedAt + this.#msPerPriority * of;
  }

  #anyone(index: number): Call | undefined {
    const waiters = this.sorted.inOrder;
    return waiters[index % waiters.length];
  }

  #add(waiter: Call | undefined): void {
    if (waiter === undefined) return;
    this.line.add(waiter);
    this.sorted.add(waiter);
  }

  #remove(waiter: Call | undefined): void {
    if (waiter === undefined) return;
    this.line.remove(waiter);
    this.sorted.remove(waiter);
    assert.deepEqual([waiter.previous, waiter.next], [null, null], "who left holds on to nobody");
  }
}

function names(calls: Iterable<Call>): number[] {
  return Array.from(calls, ({ sequence }) => sequence);
}

function compare({ line, sorted }: Lines, bounded: boolean): void {
  const { inOrder } = sorted;
  assert.equal(line.size, inOrder.length);
  assert.equal(line.parked, sorted.parked);
  assert.equal(line.first(), inOrder[0]);
  assert.equal(line.last(), bounded ? sorted.last : undefined);
}

const lines = { bounded: fc.boolean(), msPerPriority: fc.constantFrom(0, 0, 0.25, 1, 7.3) };
const moves = fc.array(move, { minLength: 1, maxLength: 250, size: "max" });

test("after any joins, departures, parks and changes the line is the sorted array: first, last, size, and to the end", () => {
  const agreement = fc.property(fc.record(lines), moves, ({ bounded, msPerPriority }, program) => {
    const both = new Lines(bounded, msPerPriority);
    for (const step of program) {
      both.move(step);
      compare(both, bounded);
    }
    const inOrder = names(both.sorted.inOrder);
    assert.deepEqual(names(both.line).sort(byNumber), inOrder.toSorted(byNumber), "everyone is listed, once");
    const served: Call[] = [];
    for (let next = both.line.first(); next !== undefined; next = both.line.first()) {
      both.move({ do: "serve", who: 0 });
      served.push(next);
      compare(both, bounded);
    }
    assert.deepEqual(names(served), inOrder);
  });
  fc.assert(agreement, tries(600));
});

test("the last can be taken again and again, as by newcomers who displace, down to the parked ones", () => {
  const agreement = fc.property(fc.record(lines), moves, ({ msPerPriority }, program) => {
    const both = new Lines(true, msPerPriority);
    for (const step of program) both.move(step);
    for (let last = both.line.last(); last !== undefined; last = both.line.last()) {
      both.line.remove(last);
      both.sorted.remove(last);
      compare(both, true);
    }
    assert.equal(both.line.size, both.line.parked);
  });
  fc.assert(agreement, tries(300));
});

test("those who outrank a holder are counted exactly, up to the limit", () => {
  const holder = fc.record({
    priority,
    arrival: fc.nat({ max: 300 }),
    at: fc.nat({ max: 3000 }),
    limit: fc.nat({ max: 8 }),
  });
  const counted = fc.property(fc.record(lines), moves, fc.array(holder), (options, program, holders) => {
    const { msPerPriority } = options;
    const both = new Lines(options.bounded, msPerPriority);
    for (const step of program) both.move(step);
    for (const { priority: of, arrival, at, limit } of holders) {
      const call = new Call(msPerPriority === 0 ? of : at + msPerPriority * of, of, arrival + 0.5, at);
      const expected = both.sorted.countOutranking(call);
      assert.equal(both.line.countOutranking(call, limit), Math.min(limit, expected));
      assert.equal(both.line.countOutranking(call, Infinity), expected);
    }
  });
  fc.assert(counted, tries(300));
});

function byNumber(a: number, b: number): number {
  return a - b;
}
