import PQueue from "p-queue";

import type { Job, RunApi } from "../contender.ts";

/** Larger is sooner in p-queue. */
export class PQueueRun implements RunApi {
  readonly #queue = new PQueue({ concurrency: 1 });

  run(job: Job, priority: number, signal?: AbortSignal): Promise<void> {
    return this.#queue.add(job, signal === undefined ? { priority: -priority } : { priority: -priority, signal });
  }
}
