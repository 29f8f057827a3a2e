import type { AcquireApi, Job, RunApi } from "../contender.ts";

/**
 * First come, first served, with one promise for each waiter and nothing else: no priority, no cancellation, no object for
 * the permit. The waiters' resolve functions stand in a ring buffer, the cheapest line there is.
 *
 * It is the floor: what a gate costs beyond this is the price of its features.
 */
class BareFifo {
  #held = false;
  #ring: (Resolve | undefined)[] = new Array<Resolve | undefined>(16).fill(undefined);
  #first = 0;
  #size = 0;

  acquire(): Promise<void> {
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#push(resolve));
  }

  release(): void {
    if (this.#size === 0) {
      this.#held = false;
      return;
    }
    const resolve = this.#ring[this.#first]!;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#size--;
    resolve();
  }

  #push(resolve: Resolve): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#size) & (this.#ring.length - 1)] = resolve;
    this.#size++;
  }

  #grow(): void {
    const inOrder = [...this.#ring.slice(this.#first), ...this.#ring.slice(0, this.#first)];
    for (let free = inOrder.length; free > 0; free--) inOrder.push(undefined);
    this.#ring = inOrder;
    this.#first = 0;
  }
}

type Resolve = () => void;

export class BareFifoAcquire implements AcquireApi<void> {
  readonly #fifo = new BareFifo();

  acquire(): Promise<void> {
    return this.#fifo.acquire();
  }

  release(): void {
    this.#fifo.release();
  }
}

export class BareFifoRun implements RunApi {
  readonly #fifo = new BareFifo();

  async run(job: Job): Promise<void> {
    await this.#fifo.acquire();
    try {
      await job();
    } finally {
      this.#fifo.release();
    }
  }
}
