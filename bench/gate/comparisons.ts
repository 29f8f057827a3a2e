import { Call, type Place } from "../../src/gate/call.ts";
import { Permits } from "../../src/gate/permits.ts";
import { RunHeads, RunTails } from "../../src/gate/runs.ts";
import { WaitingLine } from "../../src/gate/waiting-line.ts";
import { randomNumbers } from "../../src/cli/bench/random.ts";
import { prioritiesIn, shuffled, type ArrivalOrder } from "./orders.ts";

let counted = 0;

// A line compares waiters in its heaps alone. They are made to count here, so that the gate carries nothing for it.
for (const heap of [RunHeads.prototype, RunTails.prototype] as unknown as { before(a: Place, b: Place): boolean }[]) {
  const before = heap.before.bind(heap);
  heap.before = (a, b) => {
    counted++;
    return before(a, b);
  };
}

/** `reprioritised`: distinct priorities, and then every waiter, in random order, gets another one before any is dispatched. */
export type CountedOrder = ArrivalOrder | "reprioritised";

export const countedOrders: readonly CountedOrder[] = [
  "ascending",
  "descending",
  "distinct",
  "few",
  "sawtooth",
  "reprioritised",
];

/** One operation on the line and what it cost. */
export interface CountedOperation {
  readonly kind: "add" | "remove";
  readonly comparisons: number;
  /** Waiters in line while it ran: after an `add`, before a `remove`. */
  readonly waiters: number;
}

/**
 * Edges from the root of a 4-ary heap of `items` to its deepest leaf: a heap of height h holds (4^(h+1) - 1) / 3 at most.
 */
export function heapHeight(items: number): number {
  let height = 0;
  for (let holds = 1; holds < items; holds = 4 * holds + 1) height++;
  return height;
}

/**
 * The most comparisons that one operation may cost with `waiters` in line. A newcomer rises: one comparison a level. Whoever
 * stands in for one that left is compared with its parent once and then sinks: three to find the soonest of four children and
 * one against it, a level. A bounded line keeps a second heap, of the runs' ends, and there a newcomer may stand in for the
 * end of its run. There are never more runs than waiters, so no heap is higher than one of all waiters.
 */
export function mostComparisons(kind: CountedOperation["kind"], waiters: number, bounded: boolean): number {
  const rise = heapHeight(waiters);
  const standIn = 4 * heapHeight(waiters - 1) + 1;
  if (kind === "add") return bounded ? Math.max(2 * rise, standIn) : rise;
  return bounded ? 2 * standIn : standIn;
}

/** What is counted: how many arrive in what order, at a line with `maxWaiting` or without. */
export interface Counting {
  readonly order: CountedOrder;
  readonly waiters: number;
  readonly bounded: boolean;
}

/**
 * Fills a waiting line, then dispatches everybody, and reports every operation with the comparisons it made.
 * Deterministic: the same numbers on every machine.
 */
export function countComparisons(counting: Counting, report: (operation: CountedOperation) => void): void {
  const { bounded, order, waiters } = counting;
  const line = new WaitingLine(new Permits(Infinity, undefined), bounded);
  const add = (waiter: Call): void => {
    counted = 0;
    line.add(waiter);
    report({ kind: "add", comparisons: counted, waiters: line.size });
  };
  const remove = (waiter: Call): void => {
    const { size } = line;
    counted = 0;
    line.remove(waiter);
    report({ kind: "remove", comparisons: counted, waiters: size });
  };
  const everybody = prioritiesIn(order === "reprioritised" ? "distinct" : order, waiters).map(waiterOf);
  for (const waiter of everybody) add(waiter);
  if (order === "reprioritised") reprioritise(everybody, add, remove);
  for (let first = line.first(); first !== undefined; first = line.first()) remove(first);
}

/** As the gate does it: out of the line, another key, back into the line. The arrival stays. */
function reprioritise(everybody: Call[], add: (waiter: Call) => void, remove: (waiter: Call) => void): void {
  const random = randomNumbers(everybody.length + 1);
  for (const waiter of shuffled([...everybody], random)) {
    remove(waiter);
    waiter.priority = Math.floor(random() * everybody.length);
    waiter.key = waiter.priority;
    add(waiter);
  }
}

function waiterOf(priority: number, sequence: number): Call {
  return new Call(priority, priority, sequence, sequence);
}

/** How it went, in comparisons per operation. */
export interface ComparisonSummary extends Counting {
  readonly operations: number;
  readonly mean: number;
  readonly most: number;
  /** The most that any operation may cost in a line of so many: O(log n). */
  readonly bound: number;
  /** Operations that cost more than the line's length at that moment allows. Anything but 0 is a defect. */
  readonly beyondBound: number;
}

export function summariseComparisons(counting: Counting): ComparisonSummary {
  const { bounded, waiters } = counting;
  let operations = 0;
  let total = 0;
  let most = 0;
  let beyondBound = 0;
  countComparisons(counting, ({ comparisons, kind, waiters: inLine }) => {
    operations++;
    total += comparisons;
    most = Math.max(most, comparisons);
    if (comparisons > mostComparisons(kind, inLine, bounded)) beyondBound++;
  });
  const bound = mostComparisons("remove", waiters, bounded);
  return { ...counting, operations, mean: total / operations, most, bound, beyondBound };
}
