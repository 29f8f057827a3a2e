import type { Call } from "./call.ts";
import type { GateInside } from "./inside.ts";
import { subjectOf } from "./snapshot.ts";

const MAX_PERIOD_MS = 15_000;

/**
 * Looks at a gate now and then, by one timer, while somebody waits: who starves, and which permits were forgotten.
 *
 * It observes in place: nothing is re-queued or re-scored. It looks so seldom that a warning may come a twentieth of the
 * threshold late, and that a long line costs little. Its timer never keeps the process alive, and it is called off when the gate
 * falls idle.
 */
export class Watch {
  readonly #gate: GateInside;
  readonly #forgotten: FinalizationRegistry<Call>;
  #callOff: (() => void) | undefined;
  /** Whoever began to wait by then was warned of. */
  #warnedUpTo = -Infinity;

  constructor(gate: GateInside) {
    this.#gate = gate;
    this.#forgotten = new FinalizationRegistry((holder) => {
      if (holder.state === "over") return;
      gate.reporter.record("leak", holder, { heldMs: gate.tick() - holder.since });
      gate.finish();
    });
  }

  /** To be called while somebody waits. */
  start(): void {
    if (this.#callOff) return;
    const { clock, starvationWarnMs } = this.#gate.options;
    this.#callOff = clock.after(Math.min(starvationWarnMs / 20, MAX_PERIOD_MS), () => this.#look(), false);
  }

  /** To be called when nothing is held and nobody waits. */
  stop(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /** To be called when a call is over that had a permit. */
  over(call: Call): void {
    if (!call.permit) this.#forgotten.unregister(call);
    call.permit = null;
  }

  #look(): void {
    this.#callOff = undefined;
    const now = this.#gate.tick();
    for (const holder of this.#gate.holders) {
      // From here on nobody but its holder keeps the permit. Not from its grant on, because that has a price.
      if (holder.permit) this.#forgotten.register(holder.permit, holder, holder);
      holder.permit = null;
    }
    this.#warn(now);
    this.#gate.finish();
  }

  #warn(now: number): void {
    const { queue, reporter, options } = this.#gate;
    const thresholdMs = options.starvationWarnMs;
    const upTo = now - thresholdMs;
    let count = 0;
    let oldest: Call | undefined;
    for (const waiter of queue) {
      if (waiter.since <= this.#warnedUpTo || waiter.since > upTo) continue;
      count++;
      if (!oldest || waiter.since < oldest.since) oldest = waiter;
    }
    this.#warnedUpTo = upTo;
    if (!oldest) return;
    const worst = { ...subjectOf(oldest), waitedMs: now - oldest.since };
    reporter.record("starvation", null, { count, thresholdMs, oldest: worst });
  }
}
