import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Call, outranks, sooner } from "../../src/gate/call.ts";
import { WaitingLine } from "../../src/gate/waiting-line.ts";
import { Permits } from "../../src/gate/permits.ts";
import { collectGarbageUntil } from "../support/garbage.ts";

/** A waiter of a gate without aging: its key is its priority. */
function waiter(priority: number, sequence: number): Call {
  return new Call(priority, priority, sequence, 0);
}

/** A line in which everybody is eligible. */
function newLine(bounded: boolean): WaitingLine {
  return new WaitingLine(new Permits(Infinity, undefined), bounded);
}

function takeAll(line: WaitingLine): Call[] {
  const taken: Call[] = [];
  for (let first = line.first(); first !== undefined; first = line.first()) {
    line.remove(first);
    taken.push(first);
  }
  return taken;
}

suite("arrival numbers", () => {
  for (const [name, start] of [
    ["2^31", 2 ** 31 - 3],
    ["2^32", 2 ** 32 - 3],
    ["2^52", 2 ** 52 - 3],
  ] as const) {
    test(`keep first come, first served across ${name}`, () => {
      for (const bounded of [false, true]) {
        const line = newLine(bounded);
        const waiters = [0, 1, 2, 3, 4, 5].map((n) => waiter(100, start + n));
        for (const each of [3, 0, 5, 1, 4, 2].map((n) => waiters[n]!)) line.add(each);
        assert.equal(line.last(), bounded ? waiters[5] : undefined);
        assert.deepEqual(takeAll(line), waiters);
      }
    });
  }
});

suite("the order", () => {
  test("is by key, then priority, then arrival", () => {
    const a = new Call(10, 0, 9, 0);
    const b = new Call(10, 100, 1, 0);
    const c = new Call(10, 100, 2, 0);
    const d = new Call(11, 0, 3, 0);
    const sorted = [a, b, c, d];
    for (const [index, each] of sorted.entries()) {
      assert.equal(sooner(each, each), false);
      for (const later of sorted.slice(index + 1)) {
        assert.equal(sooner(each, later), true);
        assert.equal(sooner(later, each), false);
      }
    }
  });

  test("lets a waiter send a holder off only if it is more important and also sooner", () => {
    const holder = new Call(50, 100, 1, 0);
    assert.equal(outranks(new Call(40, 0, 2, 0), holder), true);
    assert.equal(outranks(new Call(60, 0, 2, 0), holder), false);
    assert.equal(outranks(new Call(40, 100, 0, 0), holder), false);
    assert.equal(outranks(holder, holder), false);
  });
});

test("100 000 waiters of as many priorities leave in order, however they came", () => {
  const COUNT = 100_000;
  const arrivals: Record<string, (n: number) => number> = {
    ascending: (n) => n,
    descending: (n) => COUNT - n,
    scattered: (n) => (n * 7919) % COUNT,
    fractions: (n) => ((n * 7919) % COUNT) / 1024,
  };
  for (const [name, priorityOf] of Object.entries(arrivals)) {
    const line = newLine(false);
    for (let n = 0; n < COUNT; n++) line.add(waiter(priorityOf(n), n));
    const taken = takeAll(line);
    assert.equal(taken.length, COUNT, name);
    assert.ok(
      taken.every((each, at) => at === 0 || sooner(taken[at - 1]!, each)),
      name,
    );
  }
});

test("waiters may leave from anywhere in between, in any order, and the rest is still in order", () => {
  const COUNT = 5000;
  for (const bounded of [false, true]) {
    const line = newLine(bounded);
    const waiters = Array.from({ length: COUNT }, (_, n) => waiter((n * 3989) % COUNT, n));
    for (const each of waiters) line.add(each);
    let latest: Call | undefined;
    for (let n = 0; n < COUNT; n++) {
      const each = waiters[(n * 2411) % COUNT]!;
      if (n % 4 !== 0) line.remove(each);
      else if (latest === undefined || sooner(latest, each)) latest = each;
    }
    if (bounded) assert.equal(line.last(), latest);
    const taken = takeAll(line);
    assert.equal(taken.length, COUNT / 4);
    assert.ok(taken.every((each, at) => at === 0 || sooner(taken[at - 1]!, each)));
  }
});

test("a waiter that kept an old arrival stands where it would have stood, and does not hold up newcomers", () => {
  const line = newLine(true);
  const [old, a, b, c] = [waiter(100, 1), waiter(100, 2), waiter(100, 3), waiter(100, 4)];
  line.add(a);
  line.add(b);
  line.add(old);
  line.add(c);
  assert.equal(line.last(), c);
  assert.deepEqual(takeAll(line), [old, a, b, c]);
});

test("parked waiters have their place in the order and are never the last", () => {
  const line = newLine(true);
  const parked = waiter(1000, 1);
  parked.state = "parked";
  line.add(parked);
  assert.deepEqual([line.size, line.parked, line.last()], [1, 1, undefined]);
  const fresh = waiter(1000, 2);
  line.add(fresh);
  assert.deepEqual([line.size, line.parked, line.last()], [2, 1, fresh]);
  assert.deepEqual(takeAll(line), [parked, fresh]);
  assert.deepEqual([line.size, line.parked, line.first()], [0, 0, undefined]);
});

test("a waiter that leaves is unlinked at once, wherever it stood", () => {
  for (const leaving of [0, 1, 2, 3, 4]) {
    const line = newLine(true);
    const waiters = [0, 1, 2, 3, 4].map((n) => waiter(7, n));
    for (const each of waiters) line.add(each);
    line.remove(waiters[leaving]!);
    const { previous, next, headIndex, tailIndex } = waiters[leaving]!;
    assert.deepEqual([previous, next, headIndex, tailIndex], [null, null, -1, -1]);
    assert.equal(line.last(), waiters[leaving === 4 ? 3 : 4]);
    assert.deepEqual([...line], waiters.toSpliced(leaving, 1));
  }
});

test("priorities that came and went leave nothing behind", async () => {
  const line = newLine(true);
  const gone: WeakRef<Call>[] = [];
  const comeAndGo = (priority: number): void => {
    const each = waiter(priority, priority);
    line.add(each);
    gone.push(new WeakRef(each));
    line.remove(each);
  };
  for (let priority = 0; priority < 10_000; priority++) comeAndGo(priority);
  assert.deepEqual([line.size, ...line], [0]);
  await collectGarbageUntil(() => gone.every((each) => each.deref() === undefined));
});

suite("those who outrank a holder", () => {
  const line = newLine(false);
  for (let sequence = 0; sequence < 60; sequence++) line.add(waiter(sequence % 30, sequence + 10));

  test("are counted in every run", () => {
    for (let priority = 0; priority <= 30; priority++) {
      assert.equal(line.countOutranking(waiter(priority, 1), 100), 2 * priority);
    }
  });

  test("are counted no further than the limit", () => {
    for (const limit of [0, 1, 2, 3, 4]) assert.equal(line.countOutranking(waiter(30, 1), limit), limit);
  });
});
