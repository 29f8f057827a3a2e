import { Sema } from "async-sema";

import type { AcquireApi } from "../contender.ts";

export class AsyncSemaAcquire implements AcquireApi<void> {
  readonly #sema = new Sema(1);

  acquire(): Promise<void> {
    return this.#sema.acquire();
  }

  release(): void {
    this.#sema.release();
  }
}
