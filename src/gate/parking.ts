import { sooner, type Call } from "./call.ts";
import type { Holders } from "./holders.ts";
import { running, type RefusingGate } from "./refusals.ts";
import type { Reporter } from "./reporter.ts";

/** Whether somebody who could run with the permit of `holder`, and is sooner, waits. Precondition: the gate dispatches. */
export function mustStepAside({ permits, queue }: RefusingGate, holder: Call): boolean {
  const first = queue.firstPossible();
  if (first === undefined) return false;
  // After a shrink one permit less may free none. Stepping aside still brings the sooner waiter nearer, and whoever kept a
  // permit too many would be asked for it again at once.
  if (permits.tooManyHeldAs(holder.priority)) return sooner(first, holder);
  permits.giveBack(holder.priority);
  const next = queue.firstEligible();
  permits.take(holder.priority);
  return next !== undefined && sooner(next, holder);
}

/**
 * Asks as many holders to step aside as there are waiters who need it. The signals fire with the events, once the state is
 * final. Precondition: the gate dispatches.
 */
export function askHolders(gate: RefusingGate, holders: Holders, report: Reporter, now: number): void {
  for (;;) {
    const victim = holders.nextVictim(gate.queue);
    if (victim === undefined) return;
    holders.asked(victim, running(gate, "preempted", victim, "a sooner call waits for it; call yield() or release()"));
    report.record("preempt", victim, { heldMs: now - victim.since });
    report.afterwards(() => signal(victim));
  }
}

/** Nothing to do when it answered meanwhile, or when nobody has read its signal yet: that one will be born aborted. */
function signal({ details }: Call): void {
  if (details !== null && details.parkRequested) details.controller?.abort(details.parkReason);
}
