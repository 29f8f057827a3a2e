import { Gate, systemClock, type Clock, type GateEvent } from "../gate/index.ts";

import { Lanes } from "./lanes.ts";
import { ModelRuns } from "./model-runs.ts";
import { ServiceTimes } from "./service-times.ts";

/** How one gate of the gateway behaves. */
export interface GateGroupOptions {
  readonly name: string;
  readonly capacity: number;
  /** Permits that background work can never take. */
  readonly reserved: number;
  /** Up to this priority number a request is a person's. */
  readonly foregroundUpTo: number;
  /** Whether background starts beside a running foreground request when there are slots for both. */
  readonly beside: "pause" | "share";
  /** Milliseconds for which the slots are kept for the foreground after its last request. */
  readonly idleGraceMs: number;
  /** Background that has waited this long ends a grace at once. */
  readonly idleGraceGuardMs: number;
  readonly maxWaiting: number;
  readonly starvationWarnMs: number;
  readonly agingMs: number | undefined;
  readonly clock?: Clock;
}

/**
 * One gate and the policy around it: while a person's request runs, and for a moment after, all permits are reserved for the
 * foreground, so that nobody starts beside it and takes half its speed.
 *
 * The reservation is the gate's own, so order, fairness and events stay the gate's. Holders are never touched.
 */
export class GateGroup {
  readonly gate: Gate;
  readonly times: ServiceTimes = new ServiceTimes();
  readonly lanes: Lanes = new Lanes();
  readonly runs: ModelRuns = new ModelRuns();
  readonly #options: GateGroupOptions;
  readonly #clock: Clock;
  #endGrace: (() => void) | null = null;

  constructor(options: GateGroupOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.gate = new Gate({
      ...options,
      reserved: { permits: options.reserved, priority: options.foregroundUpTo },
      clock: this.#clock,
    });
    this.gate.on("release", ({ heldMs }) => this.times.record(heldMs));
    if (options.beside === "pause" || options.idleGraceMs > 0) {
      for (const name of ["dispatch", "release", "park"] as const) {
        this.gate.on(name, (event) => this.#foregroundChanged(event));
      }
    }
  }

  /** What a refused client is told to wait, in whole seconds. */
  retryAfterSeconds(): number {
    return this.times.retryAfterSeconds(this.gate.waiting, this.gate.capacity);
  }

  /** Whether somebody set the capacity by hand: what servers tell is then ignored. */
  overridden = false;

  /** Permits that only the foreground gets at this moment. */
  get reserved(): number {
    const { beside, reserved } = this.#options;
    const foregroundOnly = this.#endGrace !== null || (beside === "pause" && this.gate.heldWithin > 0);
    return foregroundOnly ? this.gate.capacity : Math.min(reserved, this.gate.capacity);
  }

  /** Changes the capacity, as when the server was restarted with other slots. */
  resize(capacity: number): void {
    if (capacity === this.gate.capacity) return;
    this.gate.resize(capacity);
    this.#reserve();
  }

  close(): void {
    this.#endGrace?.();
    this.#endGrace = null;
    this.gate.close("Headgate is shutting down");
  }

  /** Looks at the gate, not at the event: one hand-off from person to person is told as a release and then a dispatch. */
  #foregroundChanged({ type, priority }: GateEvent<"dispatch" | "release" | "park">): void {
    if (priority > this.#options.foregroundUpTo) return;
    if (this.gate.heldWithin > 0) {
      this.#endGrace?.();
      this.#endGrace = null;
    } else if (type !== "dispatch" && this.#options.idleGraceMs > 0 && !this.#backgroundIsHungry()) {
      this.#beginGrace();
    }
    this.#reserve();
  }

  #beginGrace(): void {
    this.#endGrace?.();
    this.#endGrace = this.#clock.after(
      this.#options.idleGraceMs,
      () => {
        this.#endGrace = null;
        this.#reserve();
      },
      true,
    );
  }

  /** The starvation guard of the grace. */
  #backgroundIsHungry(): boolean {
    if (this.gate.waiting === 0) return false;
    return this.gate.snapshot().waiters.some((waiter) => waiter.waitedMs >= this.#options.idleGraceGuardMs);
  }

  #reserve(): void {
    this.gate.reserve(this.reserved);
  }
}
