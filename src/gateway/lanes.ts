import type { QueueConfig } from "./config/types.ts";
import { Refused } from "./refused.ts";

/**
 * Counts who waits, apart for people's requests and for the rest, and holds each to its own bound. The gate's own bound comes
 * on top: it displaces, this one only refuses.
 */
export class Lanes {
  readonly #waiting = { foreground: 0, background: 0 };

  /**
   * Counts a waiter in. Returns what counts it out again.
   *
   * @throws {Refused} 429 `queue_full` when its class is full.
   */
  enter(queue: QueueConfig, priority: number, retryAfterSeconds: number): { leave(): void } {
    const lane = priority <= queue.foregroundUpTo ? "foreground" : "background";
    const { maxWaiting = Infinity } = queue[lane];
    if (this.#waiting[lane] >= maxWaiting) {
      const message = `${this.#waiting[lane]} ${lane} requests wait already, as many as queue.${lane}.maxWaiting allows; retry later`;
      throw new Refused("queue_full", { status: 429, code: "queue_full", message, retryAfterSeconds });
    }
    this.#waiting[lane]++;
    return { leave: () => void this.#waiting[lane]-- };
  }
}
