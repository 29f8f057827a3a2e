import { controllerOf, sooner, type Call } from "./call.ts";
import type { GateInside } from "./inside.ts";
import { failure } from "./refusals.ts";

/** Whether somebody who could run with the permit of `holder`, and is sooner, waits. Precondition: the gate dispatches. */
export function mustStepAside({ permits, queue }: GateInside, holder: Call): boolean {
  // After a shrink one permit less may free none. Stepping aside still brings the sooner waiter nearer, and whoever kept a
  // permit too many would be asked for it again at once.
  const tooManyHeld = permits.freeFor(holder.priority) < 0;
  permits.charge(holder.priority, -1);
  const must = queue.someFirst((waiter) => {
    const permitsFor = tooManyHeld ? permits.allFor(waiter.priority) : permits.freeFor(waiter.priority);
    return permitsFor > 0 && sooner(waiter, holder);
  });
  permits.charge(holder.priority, 1);
  return must;
}

/**
 * Asks as many holders to step aside as there are waiters who need it: of those who offered it, the worst priority first, then
 * the latest arrival, which has the least to lose. The signals fire with the events, once the state is final.
 * Precondition: the gate dispatches.
 */
export function askHolders(gate: GateInside): void {
  const { holders, queue, reporter } = gate;
  const willing = [...holders.preemptible].filter(({ details }) => !details!.parkReason);
  let asked = holders.preemptible.size - willing.length;
  for (const holder of willing.sort((a, b) => b.priority - a.priority || b.sequence - a.sequence)) {
    if (queue.countOutranking(holder, asked + 1) <= asked) continue;
    asked++;
    const reason = failure(gate, holder, "preempted", "a sooner call waits; call yield() or release()");
    const details = holder.details!;
    const controller = controllerOf(holder);
    details.parkReason = reason;
    reporter.record("preempt", holder, { heldMs: gate.tick() - holder.since });
    reporter.afterwards(() => {
      // Unless it answered meanwhile.
      if (details.parkReason === reason) controller.abort(reason);
    });
  }
}
