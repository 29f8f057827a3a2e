import { Alarm, type Clock } from "./clock.ts";
import { IndexedHeap } from "./heap.ts";
import type { Call } from "./call.ts";

/** One waiter's time limit, in clock milliseconds. */
export interface Deadline {
  readonly at: number;
  readonly waiter: Call;
  index: number;
}

class ByTime extends IndexedHeap<Deadline> {
  protected before(a: Deadline, b: Deadline): boolean {
    return a.at < b.at;
  }
  protected place(deadline: Deadline, index: number): void {
    deadline.index = index;
  }
}

/**
 * The time limits of a gate's waiters behind one timer. The timer keeps the process alive: a program that awaits only
 * `acquire({ timeoutMs })` must get its answer rather than exit without one.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heap = new ByTime();
  readonly #alarm: Alarm;
  readonly #onDue: (waiters: readonly Call[]) => void;

  constructor(clock: Clock, onDue: (waiters: readonly Call[]) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#alarm = new Alarm(clock, true, () => this.#expire());
  }

  add(waiter: Call, timeoutMs: number, now: number): Deadline {
    const deadline: Deadline = { at: now + timeoutMs, waiter, index: -1 };
    this.#heap.add(deadline);
    this.#alarm.setAtMost(deadline.at, now);
    return deadline;
  }

  remove(deadline: Deadline): void {
    if (deadline.index === -1) return;
    this.#heap.removeAt(deadline.index);
    // Left armed for a later deadline it would ring early once, which costs less than re-arming for every waiter that leaves.
    if (this.#heap.items.length === 0) this.#alarm.clear();
  }

  #expire(): void {
    const now = this.#clock.now();
    const due: Call[] = [];
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (first.at > now) {
        this.#alarm.setAtMost(first.at, now);
        break;
      }
      this.#heap.removeAt(first.index);
      due.push(first.waiter);
    }
    if (due.length > 0) this.#onDue(due);
  }
}
