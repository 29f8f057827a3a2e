import pLimit from "p-limit";

import type { Job, RunApi } from "../contender.ts";

/** `clearQueue()` drops all waiters at once; there is no way to cancel one. */
export class PLimitRun implements RunApi {
  readonly #limit = pLimit(1);

  run(job: Job): Promise<void> {
    return this.#limit(job);
  }
}
