import fastq from "fastq";

import type { Job, RunApi } from "../contender.ts";

export class FastqRun implements RunApi {
  readonly #queue = fastq.promise<undefined, Job, void>((job) => job(), 1);

  run(job: Job): Promise<void> {
    return this.#queue.push(job);
  }
}
