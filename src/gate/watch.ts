import { detailsOf, type Call } from "./call.ts";
import { Alarm, type Clock } from "./clock.ts";

/** A permit held this long while others wait comes under watch: shorter ones are no leak, and watching has a price. */
const LEAK_WATCH_MS = 1000;
/** Warnings may come this share of the threshold late, so that a long line is scanned rarely rather than for each waiter. */
const SWEEP_SHARE = 1 / 20;

export interface Findings {
  /** Calls that passed the threshold since the last sweep; `oldest` has waited longest of all those. */
  starving(count: number, oldest: Call, waitedMs: number): void;
  /** A permit was garbage-collected unreleased. */
  leaked(holder: Call): void;
}

/**
 * Looks at a gate now and then, by one timer, while somebody waits: who starves, and which permits were forgotten.
 *
 * It observes in place: nothing is re-queued or re-scored. Its timer never keeps the process alive, and it is called off
 * when the gate falls idle.
 */
export class Watch {
  readonly #clock: Clock;
  readonly #thresholdMs: number;
  readonly #holders: Iterable<Call>;
  readonly #waiters: Iterable<Call> & { readonly size: number };
  readonly #findings: Findings;
  readonly #alarm: Alarm;
  readonly #forgotten: FinalizationRegistry<Call>;
  /** When the first waiter not warned of yet will pass the threshold, as far as known. */
  #scanAt = Infinity;

  constructor(
    { clock, starvationWarnMs }: { readonly clock: Clock; readonly starvationWarnMs: number },
    holders: Iterable<Call>,
    waiters: Iterable<Call> & { readonly size: number },
    findings: Findings,
  ) {
    this.#clock = clock;
    this.#thresholdMs = starvationWarnMs;
    this.#holders = holders;
    this.#waiters = waiters;
    this.#findings = findings;
    this.#alarm = new Alarm(clock, false, () => this.#sweep());
    this.#forgotten = new FinalizationRegistry((holder) => {
      if (holder.state !== "over") findings.leaked(holder);
    });
  }

  /** To be called when a call begins to wait. */
  waiterJoined(now: number): void {
    if (this.#alarm.armed) return;
    this.#scanAt = now + this.#thresholdMs;
    this.#alarm.setAtMost(Math.min(this.#scanAt, now + LEAK_WATCH_MS), now);
  }

  /** To be called when nothing is held and nobody waits. */
  idle(): void {
    this.#alarm.clear();
  }

  /** To be called when a call is over. */
  over(call: Call): void {
    if (call.permit === null) this.#forgotten.unregister(call);
    call.permit = null;
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const holder of this.#holders) this.#watchFor(holder, now);
    if (now >= this.#scanAt) this.#scan(now);
    if (this.#waiters.size > 0) this.#alarm.setAtMost(Math.min(this.#scanAt, now + LEAK_WATCH_MS), now);
  }

  #watchFor(holder: Call, now: number): void {
    if (holder.permit === null || now - holder.since < LEAK_WATCH_MS) return;
    this.#forgotten.register(holder.permit, holder, holder);
    holder.permit = null;
  }

  #scan(now: number): void {
    let count = 0;
    let oldest: Call | undefined;
    let nextSince = Infinity;
    for (const waiter of this.#waiters) {
      if (waiter.details?.warned === true) continue;
      const since = waiter.since;
      if (now - since < this.#thresholdMs) {
        nextSince = Math.min(nextSince, since);
        continue;
      }
      count++;
      detailsOf(waiter).warned = true;
      if (oldest === undefined || since < oldest.since) oldest = waiter;
    }
    const earliest = now + this.#thresholdMs * SWEEP_SHARE;
    const next = Math.min(nextSince, now) + this.#thresholdMs;
    this.#scanAt = Math.max(next, earliest);
    if (oldest !== undefined) this.#findings.starving(count, oldest, now - oldest.since);
  }
}
