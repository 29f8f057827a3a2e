import { controllersFor, type Passes } from "./passes.ts";
import { nsEach, type Sample, type Situation } from "./measurement.ts";
import { prioritiesIn } from "./orders.ts";

/** Passes in one sample at least, so that a sample is long beside the clock's resolution. */
const PASSES_A_SAMPLE = 50_000;
/** Or fewer, when a slow contender needs this long for them. */
const SAMPLE_MS = 100;
/** Enough for the optimising compiler: it has seen everything long before. */
const WARM_UP_PASSES = 20_000;
const WARM_UP_WAITERS = 1000;
const WARM_UP_MS = 150;

/** Takes one sample of a situation, on a fresh gate. */
export async function sample(situation: Situation, open: () => Passes): Promise<Sample> {
  switch (situation.kind) {
    case "uncontended":
      return await uncontended(open(), 2 * PASSES_A_SAMPLE);
    case "hand-off":
      return await handOff(open(), situation, PASSES_A_SAMPLE);
    case "cancel":
      return await cancel(open(), situation);
    case "heap":
      return await heap(open(), situation);
  }
}

/** The same in small, until the compiler is done with it or a slow contender has had its time. */
export async function warmUp(situation: Situation, open: () => Passes): Promise<void> {
  const small = (waiters: number): number => Math.min(waiters, WARM_UP_WAITERS);
  const startedAt = performance.now();
  for (
    let passes = 0;
    passes < WARM_UP_PASSES && performance.now() - startedAt < WARM_UP_MS;
    passes += WARM_UP_WAITERS
  ) {
    switch (situation.kind) {
      case "uncontended":
        await uncontended(open(), WARM_UP_WAITERS);
        break;
      case "hand-off":
        await handOff(open(), { ...situation, waiters: small(situation.waiters) }, 1);
        break;
      case "cancel":
        await cancel(open(), { ...situation, waiters: small(situation.waiters) });
        break;
      case "heap":
        return;
    }
  }
}

async function uncontended(passes: Passes, times: number): Promise<Sample> {
  const startedAt = performance.now();
  await passes.alone(times, 100);
  return { total: nsEach(performance.now() - startedAt, times) };
}

/** All enqueue behind one holder; it lets go; all pass, each handing on to the next. The clock runs over both. */
async function handOff(
  passes: Passes,
  situation: Extract<Situation, { kind: "hand-off" }>,
  atLeast: number,
): Promise<Sample> {
  const priorities = prioritiesIn(situation.order, situation.waiters);
  let enqueueMs = 0;
  let handOffMs = 0;
  let count = 0;
  for (; count === 0 || (count < atLeast && enqueueMs + handOffMs < SAMPLE_MS); count += situation.waiters) {
    const letGo = await passes.hold();
    const startedAt = performance.now();
    const gone = passes.queue(priorities);
    const queuedAt = performance.now();
    letGo();
    await gone;
    enqueueMs += queuedAt - startedAt;
    handOffMs += performance.now() - queuedAt;
  }
  return {
    total: nsEach(enqueueMs + handOffMs, count),
    enqueue: nsEach(enqueueMs, count),
    handOff: nsEach(handOffMs, count),
  };
}

/** All enqueue under their signals and are cancelled in order of arrival, until the last rejection has been seen. */
async function cancel(passes: Passes, situation: Extract<Situation, { kind: "cancel" }>): Promise<Sample> {
  const { order, signals, waiters } = situation;
  const priorities = prioritiesIn(order, waiters);
  // Made before the clock runs: whoever calls pays for it, whatever the gate.
  const controllers = controllersFor(signals, waiters);
  const abortSignals = controllers.map((controller) => controller.signal);
  const letGo = await passes.hold();
  const startedAt = performance.now();
  const gone = passes.queueUnder(abortSignals, priorities);
  const queuedAt = performance.now();
  for (const controller of controllers) controller.abort();
  await gone;
  const endedAt = performance.now();
  letGo();
  return {
    total: nsEach(endedAt - startedAt, waiters),
    enqueue: nsEach(queuedAt - startedAt, waiters),
    cancel: nsEach(endedAt - queuedAt, waiters),
  };
}

async function heap(passes: Passes, situation: Extract<Situation, { kind: "heap" }>): Promise<Sample> {
  const priorities = prioritiesIn(situation.order, situation.waiters);
  const letGo = await passes.hold();
  // Not before the process ends: until then the gate and its waiters must be reachable.
  process.once("exit", letGo);
  const before = usedHeapBytes();
  passes.stand(priorities);
  // A turn, so that nothing is counted that only waits for its microtask to end.
  await new Promise((resolve) => setImmediate(resolve));
  return { bytes: (usedHeapBytes() - before) / situation.waiters };
}

function usedHeapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Twice: weak callbacks of the first collection free what the second collects. Needs `--expose-gc`. */
export function collectGarbage(): void {
  globalThis.gc!();
  globalThis.gc!();
}
