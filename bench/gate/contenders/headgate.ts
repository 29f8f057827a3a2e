import { Gate, type Permit } from "../../../src/gate/index.ts";
import type { AcquireApi, Job, RunApi } from "../contender.ts";

export class HeadgateAcquire implements AcquireApi<Permit> {
  readonly #gate = new Gate(1);

  acquire(priority: number, signal?: AbortSignal): Promise<Permit> {
    return this.#gate.acquire(signal === undefined ? { priority } : { priority, signal });
  }

  release(permit: Permit): void {
    permit.release();
  }
}

export class HeadgateRun implements RunApi {
  readonly #gate = new Gate(1);

  run(job: Job, priority: number, signal?: AbortSignal): Promise<void> {
    return this.#gate.run(job, signal === undefined ? { priority } : { priority, signal });
  }
}
