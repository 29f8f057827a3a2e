import type { Claims, Contender, Style } from "./contender.ts";

const ALL: Claims = { priorities: true, cancel: true };
const PRIORITIES: Claims = { priorities: true, cancel: false };
const CANCEL: Claims = { priorities: false, cancel: true };
const NEITHER: Claims = { priorities: false, cancel: false };

const acquire = { style: "acquire" } as const;
const run = { style: "run" } as const;
const headgate = { id: "headgate", role: "ours", packageName: null, ...ALL } as const;
const bareFifo = { id: "bare FIFO", role: "bare", packageName: null, ...NEITHER } as const;
const bareSignals = { id: "bare signals", role: "signals", packageName: null, ...CANCEL } as const;
const asyncMutex = { id: "async-mutex", role: "peer", packageName: "async-mutex", ...PRIORITIES } as const;
const asyncSema = { id: "async-sema", role: "peer", packageName: "async-sema", ...NEITHER } as const;
const pQueue = { id: "p-queue", role: "peer", packageName: "p-queue", ...ALL } as const;
const priorityQueue = { id: "async.priorityQueue", role: "peer", packageName: "async", ...PRIORITIES } as const;
const pLimit = { id: "p-limit", role: "peer", packageName: "p-limit", ...NEITHER } as const;
const fastq = { id: "fastq", role: "peer", packageName: "fastq", ...NEITHER } as const;
const effect = { id: "effect", role: "peer", packageName: "effect", ...CANCEL } as const;

/** Everybody in the ring, ours first, once for each style that the library offers. */
export const contenders: readonly Contender[] = [
  { ...headgate, ...acquire, open: async () => maker((await import("./contenders/headgate.ts")).HeadgateAcquire) },
  { ...bareFifo, ...acquire, open: async () => maker((await import("./contenders/bare-fifo.ts")).BareFifoAcquire) },
  {
    ...bareSignals,
    ...acquire,
    open: async () => maker((await import("./contenders/bare-signals.ts")).BareSignalsAcquire),
  },
  {
    ...asyncMutex,
    ...acquire,
    open: async () => maker((await import("./contenders/async-mutex.ts")).AsyncMutexAcquire),
  },
  { ...asyncSema, ...acquire, open: async () => maker((await import("./contenders/async-sema.ts")).AsyncSemaAcquire) },
  { ...effect, ...acquire, open: async () => maker((await import("./contenders/effect.ts")).EffectAcquire) },

  { ...headgate, ...run, open: async () => maker((await import("./contenders/headgate.ts")).HeadgateRun) },
  { ...bareFifo, ...run, open: async () => maker((await import("./contenders/bare-fifo.ts")).BareFifoRun) },
  { ...bareSignals, ...run, open: async () => maker((await import("./contenders/bare-signals.ts")).BareSignalsRun) },
  { ...pQueue, ...run, open: async () => maker((await import("./contenders/p-queue.ts")).PQueueRun) },
  { ...asyncMutex, ...run, open: async () => maker((await import("./contenders/async-mutex.ts")).AsyncMutexRun) },
  {
    ...priorityQueue,
    ...run,
    open: async () => maker((await import("./contenders/async-priority-queue.ts")).AsyncPriorityQueueRun),
  },
  { ...pLimit, ...run, open: async () => maker((await import("./contenders/p-limit.ts")).PLimitRun) },
  { ...fastq, ...run, open: async () => maker((await import("./contenders/fastq.ts")).FastqRun) },
  { ...effect, ...run, open: async () => maker((await import("./contenders/effect.ts")).EffectRun) },
];

/** @throws {RangeError} when nobody is called so. */
export function contenderOf(id: string, style: Style): Contender {
  const found = contenders.find((contender) => contender.id === id && contender.style === style);
  if (found === undefined) throw new RangeError(`no contender "${id}" of style "${style}"`);
  return found;
}

function maker<Api>(Kind: new () => Api): () => Api {
  return () => new Kind();
}
