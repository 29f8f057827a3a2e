import { AbortWatch, type AbortSignalLike } from "./abort.ts";
import { detailsOf, type Call, type Settle } from "./call.ts";
import type { Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import type { Queue } from "./queue.ts";

let capturedSettle: Settle | null = null;
/** One executor for all promises: a closure for each would cost more than the promise. */
const capture = (resolve: Settle): void => {
  capturedSettle = resolve;
};

/** What can end a wait from outside the gate. The calls are still in line when these are called. */
export interface Interruptions {
  expired(calls: readonly Call[]): void;
  aborted(calls: readonly Call[], reason: unknown): void;
}

/** The waits of a gate: the queue, and beside it the promise, the time limit and the signal of each wait. */
export class Waits {
  readonly #queue: Queue;
  readonly #deadlines: Deadlines;
  readonly #aborts: AbortWatch<Call>;

  constructor(queue: Queue, clock: Clock, interruptions: Interruptions) {
    this.#queue = queue;
    this.#deadlines = new Deadlines(clock, (due) => interruptions.expired(due));
    this.#aborts = new AbortWatch((aborted, reason) => interruptions.aborted(aborted, reason));
  }

  /** Puts `call` in line. Settled by what {@link end} returns. Precondition: `signal` is not aborted. */
  begin(call: Call, signal: AbortSignalLike | undefined, timeoutMs: number | undefined): Promise<unknown> {
    const promise = new Promise(capture);
    call.settle = capturedSettle;
    // Or the last waiter of the process would be kept until the next, with all that its promise refers to.
    capturedSettle = null;
    this.#queue.add(call);
    if (signal !== undefined) {
      detailsOf(call).waitSignal = signal;
      this.#aborts.add(signal, call);
    }
    if (timeoutMs !== undefined && timeoutMs !== Infinity) {
      detailsOf(call).deadline = this.#deadlines.add(call, timeoutMs, call.since);
    }
    return promise;
  }

  /** Takes `call` out of line, with everything that watched over it, and hands over how to settle its promise. */
  end(call: Call): Settle {
    this.#queue.remove(call);
    const { details } = call;
    if (details !== null) {
      if (details.deadline !== null) this.#deadlines.remove(details.deadline);
      if (details.waitSignal !== undefined) this.#aborts.remove(details.waitSignal, call);
      details.deadline = null;
      details.waitSignal = undefined;
      details.yielding = null;
    }
    const settle = call.settle!;
    call.settle = null;
    return settle;
  }
}
