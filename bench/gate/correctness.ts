import type { Contender } from "./contender.ts";
import { hold, openDoor, type Door } from "./door.ts";
import { prioritiesIn } from "./orders.ts";

const WAITERS = 300;
/** Turns of the event loop without any progress before a waiter counts as lost. The slowest library needs three. */
const PATIENCE_TURNS = 2000;

/** A contender does not keep what it claims. A figure for it would be worth nothing. */
export class DisprovedError extends Error {
  override readonly name = "DisprovedError";
}

/**
 * Proves that a contender does the work it will be timed for: one holder at a time, nobody lost, first come first served
 * inside a priority, the smallest priority first where it claims priorities (and strictly in order of arrival where it does
 * not), and a cancelled waiter out of the line at once where it claims cancellation.
 *
 * @throws {DisprovedError} with the contender, the proof and what was seen.
 */
export async function prove(contender: Contender): Promise<void> {
  if (contender.role === "signals") return;
  const open = await openDoor(contender);
  const proofs: [guarantee: string, proof: (door: Door) => Promise<void>][] = [
    ["one holder at a time, nobody lost", excludes],
    ["first come, first served inside a priority", servesInOrderOfArrival],
  ];
  if (contender.priorities)
    proofs.push(["the smallest priority first, ties in order of arrival", servesInOrderOfPriority]);
  else proofs.push(["first come, first served whatever the priority", ignoresPriority]);
  if (contender.cancel) {
    proofs.push(["a waiter cancelled by a signal of its own is out of the line", (door) => cancels(door, "own")]);
    proofs.push(["waiters cancelled by one shared signal are out of the line", (door) => cancels(door, "shared")]);
  }
  for (const [guarantee, proof] of proofs) {
    try {
      await proof(open());
    } catch (error) {
      const seen = error instanceof Error ? error.message : String(error);
      throw new DisprovedError(`${contender.id} (${contender.style}): ${guarantee}: ${seen}`, { cause: error });
    }
  }
}

/** Waves of callers whose jobs last from no turn to a few, so that releases meet arrivals in every phase. */
async function excludes(door: Door): Promise<void> {
  let inside = 0;
  let most = 0;
  let served = 0;
  const priorities = prioritiesIn("few", WAITERS);
  const caller = async (index: number): Promise<void> => {
    for (let wait = index % 7; wait > 0; wait--) await turn();
    await door.use(async () => {
      most = Math.max(most, ++inside);
      for (let work = index % 4; work > 0; work--) await (index % 3 === 0 ? turn() : undefined);
      inside--;
      served++;
    }, priorities[index]!);
  };
  const callers = Array.from({ length: WAITERS }, (_, index) => caller(index));
  await untilDone(Promise.all(callers), () => served, WAITERS);
  check(most === 1, `${most} holders at once`);
}

async function servesInOrderOfArrival(door: Door): Promise<void> {
  const priorities = new Array<number>(WAITERS).fill(50);
  check(
    inOrder(await serve(door, priorities), (a, b) => a < b),
    "a later arrival was served before an earlier one",
  );
}

async function ignoresPriority(door: Door): Promise<void> {
  const served = await serve(door, prioritiesIn("few", WAITERS));
  check(
    inOrder(served, (a, b) => a < b),
    "a later arrival was served before an earlier one",
  );
}

async function servesInOrderOfPriority(door: Door): Promise<void> {
  for (const order of ["few", "distinct", "descending", "sawtooth"] as const) {
    const priorities = prioritiesIn(order, WAITERS);
    const sooner = (a: number, b: number): boolean => {
      const difference = priorities[a]! - priorities[b]!;
      return difference < 0 || (difference === 0 && a < b);
    };
    check(inOrder(await serve(door, priorities), sooner), `priorities ${order}: served out of order`);
  }
}

/** Queues all behind one holder, lets go, and returns the waiters' numbers as they were served. */
async function serve(door: Door, priorities: readonly number[]): Promise<number[]> {
  const served: number[] = [];
  const letGo = await hold(door);
  const uses = priorities.map((priority, index) => door.use(async () => void served.push(index), priority));
  await turn();
  check(served.length === 0, "a waiter was served while the permit was held");
  letGo();
  await untilDone(Promise.all(uses), () => served.length, priorities.length);
  return served;
}

/** Cancels the first, the last and every third waiter, while the permit is held; the others must be served in order. */
async function cancels(door: Door, signals: "own" | "shared"): Promise<void> {
  const shared = new AbortController();
  const served: number[] = [];
  const rejected = new Set<number>();
  const doomed = new Map<number, AbortController>();
  const letGo = await hold(door);
  const uses = Array.from({ length: WAITERS }, async (_, index) => {
    const cancelled = index % 3 === 0 || index === WAITERS - 1;
    const controller = signals === "own" ? new AbortController() : shared;
    if (cancelled) doomed.set(index, controller);
    const signal = cancelled || signals === "own" ? controller.signal : undefined;
    const use = door.use(async () => void served.push(index), 50, signal);
    if (cancelled) await use.catch(() => rejected.add(index));
    else await use;
  });
  await turn();
  for (const controller of new Set(doomed.values())) controller.abort(new Error("cancelled"));
  await untilDone(
    everyTurn(() => rejected.size === doomed.size),
    () => rejected.size,
    doomed.size,
  );
  check(served.length === 0, "a waiter was served while the permit was held");
  letGo();
  await untilDone(Promise.all(uses), () => served.length, WAITERS - doomed.size);
  check(!served.some((index) => doomed.has(index)), "a cancelled waiter was served");
  check(
    inOrder(served, (a, b) => a < b),
    "the waiters left were served out of order",
  );
}

/** Waits for `done`; a promise that stays pending while nothing moves any more is a lost waiter, and no reason to hang. */
async function untilDone(done: Promise<unknown>, progress: () => number, expected: number): Promise<void> {
  let finished = false;
  const watched = done.then(() => (finished = true));
  let seen = -1;
  for (let idle = 0; !finished && idle < PATIENCE_TURNS; idle++) {
    if (progress() !== seen) idle = 0;
    seen = progress();
    await Promise.race([watched, turn()]);
  }
  check(finished, `${expected - progress()} of ${expected} waiters lost`);
  check(progress() === expected, `${progress()} waiters came through, not ${expected}`);
}

async function everyTurn(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition() && turns < 2 * PATIENCE_TURNS; turns++) await turn();
  if (!condition()) await new Promise(() => {});
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function inOrder(indexes: readonly number[], sooner: (a: number, b: number) => boolean): boolean {
  return indexes.every((index, place) => place === 0 || sooner(indexes[place - 1]!, index));
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
