import { sooner, type Call } from "./call.ts";
import type { Holders } from "./holders.ts";
import type { Outbox } from "./outbox.ts";
import type { Permits } from "./permits.ts";
import type { Queue } from "./queue.ts";
import type { Refusals } from "./refusals.ts";
import type { Reporter } from "./reporter.ts";

/** Decides which holders are asked to step aside, and whether one that offers its permit must. Moves nobody itself. */
export class Parking {
  readonly #permits: Permits;
  readonly #queue: Queue;
  readonly #holders: Holders;
  readonly #refuse: Refusals;
  readonly #report: Reporter;
  readonly #outbox: Outbox;

  constructor(
    gate: { readonly permits: Permits; readonly queue: Queue; readonly outbox: Outbox },
    holders: Holders,
    refuse: Refusals,
    report: Reporter,
  ) {
    this.#permits = gate.permits;
    this.#queue = gate.queue;
    this.#outbox = gate.outbox;
    this.#holders = holders;
    this.#refuse = refuse;
    this.#report = report;
  }

  /** Whether somebody who could run with its permit, and is sooner, waits. Precondition: the gate dispatches. */
  mustStepAside(holder: Call): boolean {
    const first = this.#queue.firstPossible();
    if (first === undefined) return false;
    // After a shrink one permit less may free none. Stepping aside still brings the sooner waiter nearer, and whoever kept a
    // permit too many would be asked for it again at once.
    if (this.#permits.tooManyHeldAs(holder.priority)) return sooner(first, holder);
    this.#permits.giveBack(holder.priority);
    const next = this.#queue.firstEligible();
    this.#permits.take(holder.priority);
    return next !== undefined && sooner(next, holder);
  }

  /**
   * Asks as many holders to step aside as there are waiters who need it. The signals fire with the events, once the state is
   * final. Precondition: the gate dispatches.
   */
  ask(now: number): void {
    for (;;) {
      const victim = this.#holders.nextVictim(this.#queue);
      if (victim === undefined) return;
      this.#holders.asked(victim, this.#refuse.preempted(victim));
      this.#report.preempt(victim, now);
      this.#outbox.afterwards("preempt", () => signal(victim));
    }
  }
}

/** Nothing to do when it answered meanwhile, or when nobody has read its signal yet: that one will be born aborted. */
function signal({ details }: Call): void {
  if (details !== null && details.parkRequested) details.controller?.abort(details.parkReason);
}
