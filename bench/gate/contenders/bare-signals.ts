import type { AcquireApi, Job, RunApi } from "../contender.ts";

/**
 * No gate at all: a promise that rejects when its signal aborts, one listener for each. Whoever lets a waiter be cancelled by a
 * signal of its own pays at least this, so it says how much of such a figure belongs to the platform.
 */
export class BareSignalsAcquire implements AcquireApi<void> {
  acquire(_priority: number, signal?: AbortSignal): Promise<void> {
    return signal === undefined ? Promise.resolve() : aborted(signal);
  }

  release(): void {}
}

export class BareSignalsRun implements RunApi {
  run(job: Job, _priority: number, signal?: AbortSignal): Promise<void> {
    return signal === undefined ? job() : aborted(signal);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
