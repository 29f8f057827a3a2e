import { Priority, type Permit } from "../gate/index.ts";
import { isTooLong } from "../engines/too-long.ts";
import type { RunKind, Stitcher } from "../protocol/stitch.ts";
import { decidePark } from "../relay/park-decision.ts";
import type { RelayResult } from "../relay/relay-job.ts";
import type { Relay } from "../relay/relay.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Trials } from "./trials.ts";
import type { Visit } from "./visit.ts";
import { WayOn, type RawWay, type RunPlan } from "./way-on.ts";

export interface StepAsideOptions {
  readonly gateway: GatewayContext;
  readonly visit: Visit;
  readonly place: Place;
  readonly permit: Permit;
  readonly relay: Relay;
  readonly stitcher: Stitcher | undefined;
  /** As it was sent the first time. */
  readonly body: Uint8Array;
}

/**
 * A running request's side of stepping aside: it is stopped when the gate asks for its permit and the time is right, waits in its
 * old place, and comes back, going on where it stopped or, if its client has nothing of the answer, all over again.
 */
export class StepAside {
  readonly #options: StepAsideOptions;
  #parkedMs = 0;
  #runsToItsEnd = false;
  #startedAt = 0;
  /** How it goes on: decided when it stepped aside, because by the time it comes back the server may be known as another. */
  #next: RunPlan | RawWay;
  readonly #wayOn: WayOn;
  #yielding: Promise<boolean> | undefined;

  constructor(options: StepAsideOptions) {
    this.#options = options;
    const { place, stitcher, body, visit } = options;
    this.#next = { body, kind: "afresh" };
    this.#wayOn = new WayOn(place, stitcher, { model: visit.record.model, body });
  }

  /** Watches over one run; settles as `result` does. */
  async during(result: Promise<RelayResult>): Promise<RelayResult> {
    const { permit, gateway, place } = this.#options;
    this.#startedAt = gateway.clock.now();
    const { signal } = permit;
    let callOff: (() => void) | undefined;
    let ignore: (() => void) | undefined;
    const consider = (): void => {
      // The gate asks once. Whoever it asked for may have left before the time was right, and another come.
      ignore ??= place.upstream.group.gate.on("enqueue", () => {
        callOff ??= gateway.clock.after(0, considerAgain, true);
      });
      const afterMs = this.#consider();
      if (afterMs !== undefined) callOff = gateway.clock.after(afterMs, considerAgain, true);
    };
    const considerAgain = (): void => {
      callOff = undefined;
      if (this.#isWanted()) consider();
    };
    if (signal.aborted) consider();
    else signal.addEventListener("abort", consider);
    try {
      return await result;
    } finally {
      signal.removeEventListener("abort", consider);
      ignore?.();
      callOff?.();
    }
  }

  /** Stops the run if that is wise now. Returns after how many milliseconds to think again, if at all. */
  #consider(): number | undefined {
    const { gateway, place, relay, visit } = this.#options;
    const { minRunMs, maxRestarts } = gateway.config.preempt;
    if (this.#runsToItsEnd || place.upstream.watchdog.stuck) return undefined;
    const wayOn = this.#wayOn.next;
    const decision = decidePark({
      state: relay.state,
      ended: relay.ended,
      ranMs: gateway.clock.now() - this.#startedAt,
      minRunMs,
      delivered: relay.delivered,
      resumable: wayOn !== undefined,
      resumableLater: wayOn === undefined && this.#wayOn.possible,
      restartsLeft: maxRestarts - visit.record.restarts,
      tokensLeft: this.#wayOn.tokensLeft,
    });
    if (decision === "stay") return undefined;
    if ("afterMs" in decision) return decision.afterMs;
    if (wayOn === undefined) this.#next = this.#again("afresh");
    else this.#next = "raw" in wayOn ? wayOn : this.#wayOn.plan(wayOn);
    // In one turn, and in this order: the next request is sent in a later one, so the server never has two.
    relay.park();
    this.#yield();
    return undefined;
  }

  #yield(): void {
    const { permit, visit } = this.#options;
    this.#yielding = permit.yield({ signal: visit.response.presence });
    this.#yielding.catch(() => {});
  }

  /** Whether somebody sooner still waits: looked for only when an answer was put off. */
  #isWanted(): boolean {
    const { permit, place } = this.#options;
    const { waiters } = place.upstream.group.gate.snapshot();
    return waiters.some(({ priority }) => priority < permit.priority);
  }

  /**
   * Waits for the permit to come back, and says how to go on. Rejects like `Permit.yield`, or with `ClientGone`.
   */
  async comeBack(): Promise<RunPlan> {
    const { gateway, visit, relay } = this.#options;
    const { record } = visit;
    record.parks++;
    // It has waited for a person; it waits for a server that loads meanwhile too.
    relay.patient = true;
    for (;;) {
      await this.#wait();
      const next = this.#next;
      if (!("raw" in next)) return next;
      const plan = await this.#prepared(next);
      if (plan !== undefined) return plan;
      if (!this.#options.permit.signal.aborted || this.#runsToItsEnd) return this.otherwise("raw");
      gateway.requests.changed(record);
      this.#yield();
    }
  }

  async #wait(): Promise<void> {
    const { gateway, visit, place } = this.#options;
    const { record } = visit;
    const parkedAt = gateway.clock.now();
    record.state = "parked";
    gateway.requests.changed(record);
    const heartbeats = new Heartbeats(gateway, visit, place);
    const callOff = gateway.clock.after(
      Math.max(0, gateway.config.preempt.maxParkedMs - this.#parkedMs),
      () => this.#insist(),
      true,
    );
    heartbeats.start();
    try {
      await this.#yielding;
    } finally {
      callOff();
      heartbeats.stop();
    }
    this.#parkedMs += gateway.clock.now() - parkedAt;
    record.state = "running";
    gateway.requests.changed(record);
  }

  /** The run that goes on as raw text; `undefined` when it has to make way again, or cannot. Rejects with `ClientGone`. */
  async #prepared(way: RawWay): Promise<RunPlan | undefined> {
    using trials = new Trials(this.#options);
    const heartbeats = new Heartbeats(this.#options.gateway, this.#options.visit, this.#options.place);
    heartbeats.start();
    try {
      return await this.#wayOn.prepare(way, trials.ask);
    } finally {
      heartbeats.stop();
      trials.throwIfGone();
    }
  }

  /** Finds out before the first run whether this could go on at all, where that takes a trial. Rejects with `ClientGone`. */
  async prove(): Promise<void> {
    const { place, visit } = this.#options;
    if (!place.upstream.unproven(visit.record.model) || !this.#wayOn.needsProof) return;
    using trials = new Trials(this.#options);
    await place.upstream.prove(visit.record.model, trials.ask);
    trials.throwIfGone();
  }

  /** The model server would not go on the `way` it was asked to: how else, if at all. Rejects like {@link StepAside.comeBack}. */
  async otherwise(way: "chat" | "raw", result?: RelayResult): Promise<RunPlan> {
    const { relay, place, visit } = this.#options;
    // What does not fit is no fault of the way, and another one makes it no shorter.
    if (result?.kind === "refused" && isTooLong(result.body))
      return this.#again(relay.delivered ? "repeating" : "afresh");
    place.upstream.refusedToResume(visit.record.model, way);
    const raw = way === "chat" ? this.#wayOn.raw : undefined;
    const plan = raw && (await this.#prepared(raw));
    return plan ?? this.#again(relay.delivered ? "repeating" : "afresh");
  }

  #again(kind: RunKind): RunPlan {
    if (kind === "afresh") this.#options.visit.record.restarts++;
    return { body: this.#options.body, kind };
  }

  /** Parked for longer than is right: from now on it is as soon as a person, and is not asked again. */
  #insist(): void {
    const { gateway, permit, place, visit } = this.#options;
    this.#runsToItsEnd = true;
    const { gate } = place.upstream.group;
    gate.reprioritise(permit.id, Priority.FOREGROUND);
    gateway.log.warn(
      { gate: gate.name, request: visit.record.id, parkedMs: gateway.config.preempt.maxParkedMs },
      "a request stepped aside for so long that it now goes first, and runs to its end; fewer people at once, or preempt.maxParkedMs, change that",
    );
  }
}
