import type { Call } from "./call.ts";
import { IndexedHeap } from "./heap.ts";
import type { GateInside } from "./inside.ts";

/** Longer timers fire at once on every platform (a signed 32-bit count of milliseconds). */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** When one waiter's time limit runs out. */
export interface Deadline {
  readonly at: number;
  readonly call: Call;
  headIndex: number;
}

class ByTime extends IndexedHeap<Deadline> {
  protected override before(a: Deadline, b: Deadline): boolean {
    return a.at < b.at;
  }
}

/**
 * The time limits of a gate's waiters behind one timer. The timer keeps the process alive: a program that awaits only
 * `acquire({ timeoutMs })` must get its answer rather than exit without one.
 */
export class Deadlines {
  readonly #gate: GateInside;
  readonly #onDue: (call: Call) => void;
  readonly #heap = new ByTime();
  #callOff: (() => void) | undefined;

  /** `onDue` must {@link remove} the deadline. */
  constructor(gate: GateInside, onDue: (call: Call) => void) {
    this.#gate = gate;
    this.#onDue = onDue;
  }

  add(call: Call, timeoutMs: number): Deadline {
    // From now on: a retry arrived before.
    const deadline = { at: this.#gate.time + timeoutMs, call, headIndex: -1 };
    this.#heap.add(deadline);
    if (deadline.headIndex === 0) this.#arm();
    return deadline;
  }

  remove(deadline: Deadline): void {
    this.#heap.removeAt(deadline.headIndex, null);
    // Left armed for a later deadline it rings early once, which costs less than re-arming for every waiter that leaves.
    if (this.#heap.items.length === 0) this.#callOff?.();
  }

  #arm(): void {
    this.#callOff?.();
    const [first] = this.#heap.items;
    if (!first) return;
    // Rounded up: a timer that fires a fraction early would find nothing due and spin.
    const delayMs = Math.min(Math.ceil(first.at - this.#gate.time), MAX_DELAY_MS);
    this.#callOff = this.#gate.options.clock.after(delayMs, () => this.#ring(), true);
  }

  #ring(): void {
    const now = this.#gate.tick();
    const { items } = this.#heap;
    while (items.length > 0 && items[0]!.at <= now) this.#onDue(items[0]!.call);
    this.#arm();
    this.#gate.finish();
  }
}
