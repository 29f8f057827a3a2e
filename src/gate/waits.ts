import { AbortWatch, type AbortSignalLike } from "./abort.ts";
import { detailsOf, type Call, type Settle } from "./call.ts";
import { Deadlines } from "./deadlines.ts";
import type { GateErrorCode } from "./errors.ts";
import type { GateInside } from "./inside.ts";
import { failure, whyNoPermit } from "./refusals.ts";

let capturedSettle: Settle | null = null;
/** One executor for all promises: a closure for each would cost more than the promise. */
const capture = (resolve: Settle): void => {
  capturedSettle = resolve;
};

/** The waits of a gate: beside the queue the promise, the time limit and the signal of each wait. */
export class Waits {
  readonly #gate: GateInside;
  readonly #deadlines: Deadlines;
  readonly #aborts: AbortWatch<Call>;

  constructor(gate: GateInside) {
    this.#gate = gate;
    this.#deadlines = new Deadlines(gate, (call) => this.end(call, "queue_timeout", whyNoPermit(gate, call)));
    this.#aborts = new AbortWatch((calls, reason) => {
      for (const call of calls) this.end(call, "aborted", reason);
      gate.finish();
    });
  }

  /** Puts `call` in line. Settled by what {@link leave} returns. Precondition: `signal` is not aborted. */
  begin(call: Call, signal: AbortSignalLike | undefined, timeoutMs: number = Infinity): Promise<unknown> {
    const promise = new Promise(capture);
    call.settle = capturedSettle;
    // Or the last waiter of the process would be kept until the next, with all that its promise refers to.
    capturedSettle = null;
    this.#gate.queue.add(call);
    if (signal) {
      detailsOf(call).waitSignal = signal;
      this.#aborts.add(signal, call);
    }
    if (timeoutMs < Infinity) detailsOf(call).deadline = this.#deadlines.add(call, timeoutMs);
    return promise;
  }

  /** Takes `call` out of line, with everything that watched over it, and hands over how to settle its promise. */
  leave(call: Call): Settle {
    this.#gate.queue.remove(call);
    const { details } = call;
    if (details) {
      if (details.deadline) this.#deadlines.remove(details.deadline);
      if (details.waitSignal) this.#aborts.remove(details.waitSignal, call);
      details.deadline = undefined;
      details.waitSignal = undefined;
    }
    const settle = call.settle!;
    call.settle = null;
    return settle;
  }

  /** Ends a wait without a permit. `reason` is the caller's own if it was aborted, else a clause that says why. */
  end(call: Call, code: GateErrorCode | "aborted", reason: unknown): void {
    const { reporter } = this.#gate;
    // One signal may end a hundred thousand waits: the clock is read only for what will be told.
    const waitedMs = code !== "aborted" || reporter.wants("evict") ? this.#gate.tick() - call.since : 0;
    const settle = this.leave(call);
    const error = failure(this.#gate, call, code, reason);
    const parked = call.state === "parked";
    if (parked) this.#gate.watch.over(call);
    call.state = "over";
    settle(Promise.reject(error));
    reporter.record("evict", call, { code, waitedMs, parked });
  }
}
