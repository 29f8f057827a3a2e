import * as Effect from "effect/Effect";
import * as Semaphore from "effect/Semaphore";

import type { AcquireApi, Job, RunApi } from "../contender.ts";

/** Interrupting the waiting fiber takes it out of the line. */
export class EffectAcquire implements AcquireApi<number> {
  readonly #semaphore = Semaphore.makeUnsafe(1);

  acquire(_priority: number, signal?: AbortSignal): Promise<number> {
    return Effect.runPromise(this.#semaphore.take(1), signal === undefined ? undefined : { signal });
  }

  release(permits: number): void {
    Effect.runFork(this.#semaphore.release(permits));
  }
}

export class EffectRun implements RunApi {
  readonly #semaphore = Semaphore.makeUnsafe(1);

  run(job: Job, _priority: number, signal?: AbortSignal): Promise<void> {
    const effect = this.#semaphore.withPermit(Effect.promise(job));
    return Effect.runPromise(effect, signal === undefined ? undefined : { signal });
  }
}
