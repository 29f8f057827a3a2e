import { Semaphore, type SemaphoreInterface } from "async-mutex";

import type { AcquireApi, Job, RunApi } from "../contender.ts";

type Grant = [value: number, release: SemaphoreInterface.Releaser];

/**
 * Its Semaphore, not its Mutex: the same line with one promise less. Larger is sooner. `cancel()` rejects all waiters at once;
 * there is no way to cancel one.
 */
export class AsyncMutexAcquire implements AcquireApi<Grant> {
  readonly #semaphore = new Semaphore(1);

  acquire(priority: number): Promise<Grant> {
    return this.#semaphore.acquire(1, -priority);
  }

  release(grant: Grant): void {
    grant[1]();
  }
}

export class AsyncMutexRun implements RunApi {
  readonly #semaphore = new Semaphore(1);

  run(job: Job, priority: number): Promise<void> {
    return this.#semaphore.runExclusive(job, 1, -priority);
  }
}
