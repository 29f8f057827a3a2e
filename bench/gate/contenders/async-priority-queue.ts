import priorityQueue from "async/priorityQueue.js";

import type { Job, RunApi } from "../contender.ts";

/** Smaller is sooner. A callback worker, its fastest form: an async one would cost another promise. */
export class AsyncPriorityQueueRun implements RunApi {
  readonly #queue = priorityQueue<Job>((job, done) => {
    job().then(() => done(null), done);
  }, 1);

  run(job: Job, priority: number): Promise<unknown> {
    return this.#queue.pushAsync(job, priority);
  }
}
