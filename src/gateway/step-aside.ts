import { Priority, type Permit } from "../gate/index.ts";
import { topLevelFields } from "../protocol/json-fields.ts";
import { JsonReader } from "../protocol/json-reader.ts";
import { splice } from "../protocol/splice.ts";
import type { RunKind, Stitcher } from "../protocol/stitch.ts";
import { decidePark } from "../relay/park-decision.ts";
import type { RelayResult } from "../relay/relay-job.ts";
import type { Relay } from "../relay/relay.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { Visit } from "./visit.ts";

/** One run of a request: what is sent, and how it relates to the run before. */
export interface RunPlan {
  readonly body: Uint8Array;
  readonly kind: RunKind;
}

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
  #next: RunPlan;
  #yielding: Promise<boolean> | undefined;

  constructor(options: StepAsideOptions) {
    this.#options = options;
    this.#next = { body: options.body, kind: "afresh" };
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
    const { gateway, place, relay, stitcher, permit, visit } = this.#options;
    const { minRunMs, maxRestarts } = gateway.config.preempt;
    if (this.#runsToItsEnd || place.upstream.watchdog.stuck) return undefined;
    const resumed = this.#resumption();
    const decision = decidePark({
      state: relay.state,
      ended: relay.ended,
      ranMs: gateway.clock.now() - this.#startedAt,
      minRunMs,
      delivered: relay.delivered,
      resumable: resumed !== undefined,
      restartsLeft: maxRestarts - visit.record.restarts,
      tokensLeft: tokensLeft(place, stitcher),
    });
    if (decision === "stay") return undefined;
    if ("afterMs" in decision) return decision.afterMs;
    this.#next = resumed === undefined ? this.#again("afresh") : { body: resumed, kind: "behind" };
    // In one turn, and in this order: the next request is sent in a later one, so the server never has two.
    relay.park();
    this.#yielding = permit.yield({ signal: visit.response.presence });
    this.#yielding.catch(() => {});
    return undefined;
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
    const { gateway, visit, place } = this.#options;
    const { record } = visit;
    const parkedAt = gateway.clock.now();
    record.state = "parked";
    record.parks++;
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
    return this.#next;
  }

  /** The model server would not go on: how else, if at all. */
  otherwise(): RunPlan {
    const { relay, place, visit } = this.#options;
    place.upstream.refusedToResume(visit.record.model);
    return this.#again(relay.delivered ? "repeating" : "afresh");
  }

  #again(kind: RunKind): RunPlan {
    if (kind === "afresh") this.#options.visit.record.restarts++;
    return { body: this.#options.body, kind };
  }

  /** The request as it goes on behind what was said; `undefined` where it cannot. */
  #resumption(): Uint8Array | undefined {
    const { place, stitcher, body, visit } = this.#options;
    const { engine } = place.upstream;
    if (stitcher?.resumable !== true || engine.resume === undefined) return undefined;
    if (!place.upstream.mayResume(visit.record.model)) return undefined;
    const { route, facts, priority } = place;
    const fields = topLevelFields(body);
    const request = { route, facts, body: new JsonReader(fields), priority, parkable: true };
    const resumption = engine.resume(request, stitcher.said);
    return resumption && splice(body, resumption.edits, fields);
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

function tokensLeft({ facts }: Place, stitcher: Stitcher | undefined): number | undefined {
  const tokens = stitcher?.said.tokens;
  return facts.maxTokens === undefined || tokens === undefined ? undefined : facts.maxTokens - tokens;
}
