import type { Aggregator } from "../protocol/aggregate.ts";
import type { AnswerWatch } from "../protocol/answer-watch.ts";
import { Contradiction } from "../protocol/repetition.ts";
import type { Joint, RunKind } from "../protocol/stitch.ts";
import { failureOf, unusable } from "./answer-failure.ts";
import { lengthOf, streams } from "./answer-form.ts";
import { Attempt, type ResponseHead, type UpstreamRequest } from "./attempt.ts";
import { RefusalBody } from "./refusal-body.ts";
import type { RelayJob, RelayResult, RelayState } from "./relay-job.ts";
import { SilenceLimit } from "./silence-limit.ts";
import type { UpstreamFailure } from "./upstream-failure.ts";

/**
 * How long a model server may say nothing to a client that has left, where closing the connection may harm the server. A long
 * prompt is read in silence, and takes minutes; who says nothing for longer is stuck, and would hold its permit for ever.
 */
export const MOST_SILENCE_MS = 600_000;

/** The model server works. */
const RUNNING: ReadonlySet<RelayState> = new Set<RelayState>(["sending", "prefilling", "decoding"]);

/**
 * What happens to an answer's bytes. `pass`: they go on. `collect`: they are put together. `refusal`: an error is kept, to be told
 * in-band. `withheld`: an error is kept until it is known whether the server only asks for patience.
 */
type Mode = "pass" | "collect" | "refusal" | "withheld";

/** One answer on its way from one model server to one client, in one run of the model or, if it is parked, in several. */
export class Relay {
  readonly #job: RelayJob;
  state: RelayState = "queued";
  #attempt: Attempt | undefined;
  #settle!: (result: RelayResult) => void;
  #status = 0;
  #mode: Mode = "pass";
  /** Of an error answer that the client gets once it is known not to say "busy". */
  #withheld: ResponseHead | undefined;
  /** Whether it would be sent once more then. */
  patient: boolean;
  #kind: RunKind = "afresh";
  /** What comes is no stream, an error above all: it has no frames. */
  #passesWhole = false;
  #watch: AnswerWatch | undefined;
  #aggregator: Aggregator | undefined;
  #refusal: RefusalBody = new RefusalBody();
  #tokenSeen = false;
  #clientGone = false;
  #silence: SilenceLimit | undefined;

  constructor(job: RelayJob) {
    this.#job = job;
    this.patient = job.patient;
  }

  /** Whether the client has some of the answer itself: then it cannot be begun anew. */
  get delivered(): boolean {
    const { client, stitcher, aggregator } = this.#job;
    const inWhole = stitcher === undefined || aggregator !== undefined || this.#passesWhole;
    return inWhole ? client.begun : stitcher.delivered;
  }

  /** Whether the engine has said how the present run ended. */
  get ended(): boolean {
    return this.#watch !== undefined && this.#watch.outcome !== "open";
  }

  /** Sends the request, again after it was parked. One run at a time. */
  run(request: UpstreamRequest, kind: RunKind = "afresh", joint?: Joint): Promise<RelayResult> {
    const { dispatcher, stitcher, aggregator } = this.#job;
    if (this.state !== "queued") stitcher?.begin(kind, joint);
    this.#kind = kind;
    if (kind === "afresh") this.#aggregator = aggregator?.();
    this.#watch = undefined;
    this.#refusal = new RefusalBody();
    this.#withheld = undefined;
    this.#passesWhole = false;
    this.state = "sending";
    const { promise, resolve } = Promise.withResolvers<RelayResult>();
    this.#settle = resolve;
    const attempt: Attempt = new Attempt(dispatcher, request, {
      head: (head) => {
        this.#silence?.heard();
        this.#head(head);
      },
      data: (chunk) => {
        this.#silence?.heard();
        this.#data(chunk);
      },
      end: () => this.#end(),
      error: (failure) => this.#broken(failure),
    });
    this.#attempt = attempt;
    return promise;
  }

  /** Stops the model server's work on this run. What the client has of it stays. */
  park(): void {
    this.#abort();
    this.#over("parked", { kind: "parked" });
  }

  /** The client hung up: abort the model server's work, or read it to its end where an abort would harm the server. */
  clientGone(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    if (this.state === "parked") return;
    if (this.#job.mayAbort) {
      this.#abort();
      this.#over("gone", { kind: "gone" });
    } else if (RUNNING.has(this.state)) {
      this.#attempt?.resume();
      this.#silence = new SilenceLimit(this.#job.clock, MOST_SILENCE_MS, () => this.#giveUp());
    }
  }

  #abort(): void {
    this.#attempt?.abort();
    this.#job.onAbort?.();
  }

  #giveUp(): void {
    this.#attempt?.abort();
    this.#job.onGivenUp();
    this.#over("gone", { kind: "gone" });
  }

  #head(head: ResponseHead): void {
    this.#status = head.status;
    this.state = "prefilling";
    const { client, watch, onHead } = this.#job;
    onHead?.();
    const good = head.status >= 200 && head.status < 300;
    const streaming = streams(head) ?? this.#job.streaming;
    this.#passesWhole = !streaming || head.status !== 200;
    // Other good statuses, 204 above all, promise no answer that could be unfinished.
    if (head.status === 200) this.#watch = watch?.(streaming);
    this.#mode = this.#modeFor(good, streaming);
    if (this.#mode === "withheld") this.#withheld = head;
    if (this.#mode !== "pass" || this.#clientGone) return;
    client.head(watch === undefined ? { ...head, contentLength: lengthOf(head) } : head);
  }

  #modeFor(good: boolean, streaming: boolean): Mode {
    if (good) return this.#aggregator !== undefined && streaming ? "collect" : "pass";
    if (this.#job.client.begun || this.#kind !== "afresh") return "refusal";
    return this.patient ? "withheld" : "pass";
  }

  #data(chunk: Uint8Array): void {
    const watch = this.#watch;
    if (this.#mode === "refusal" || this.#mode === "withheld") return this.#refusal.push(chunk);
    watch?.push(chunk);
    if (watch?.started === true) this.#started();
    this.#forward(() => this.#stitched(chunk));
  }

  #started(): void {
    this.state = "decoding";
    if (this.#tokenSeen) return;
    this.#tokenSeen = true;
    this.#job.onFirstToken?.();
  }

  #stitched(chunk: Uint8Array): readonly Uint8Array[] {
    const { stitcher } = this.#job;
    // What does not come as a stream has no frames.
    return stitcher === undefined || this.#passesWhole ? [chunk] : stitcher.push(chunk);
  }

  /** A run that was to repeat an earlier one and does not is stopped at the first difference. */
  #forward(pieces: () => readonly Uint8Array[]): void {
    try {
      for (const piece of pieces()) this.#deliver(piece);
    } catch (error) {
      if (!(error instanceof Contradiction)) throw error;
      this.#abort();
      this.#over("failed", { kind: "contradicted" });
    }
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#mode === "collect") this.#aggregator!.push(chunk);
    else if (this.#job.hider === undefined) this.#pass(chunk);
    else for (const piece of this.#job.hider.push(chunk)) this.#pass(piece);
  }

  #pass(chunk: Uint8Array): void {
    if (this.#clientGone) return;
    const { client } = this.#job;
    if (client.write(chunk)) return;
    this.#attempt?.pause();
    client.onDrain(() => this.#attempt?.resume());
  }

  #end(): void {
    if (this.#clientGone) return this.#over("gone", { kind: "gone" });
    if (this.#mode === "refusal" || this.#mode === "withheld") return this.#refused(this.#refusal.bytes);
    const watch = this.#watch;
    const { stitcher } = this.#job;
    watch?.end();
    const failure = failureOf(watch);
    if (stitcher !== undefined && !this.#passesWhole) this.#forward(() => stitcher.end());
    if (this.state === "failed") return;
    const stops = this.#mode === "collect" ? this.#deliverWhole(failure) : this.#deliverRest(failure);
    if (stops !== undefined) return this.#over("failed", { kind: "failed", failure: stops });
    this.#job.client.end();
    this.#over("finished", { kind: "finished", status: this.#status });
  }

  #refused(body: Uint8Array): void {
    const status = this.#status;
    if (this.patient && this.#job.isBusy(status, body)) return this.#over("failed", { kind: "busy" });
    if (this.#withheld === undefined) return this.#over("failed", { kind: "refused", status, body });
    const { client } = this.#job;
    client.head({ ...this.#withheld, contentLength: body.length });
    client.write(body);
    client.end();
    this.#over("finished", { kind: "finished", status });
  }

  /** Returns why there is nothing to deliver. */
  #deliverWhole(failure: UpstreamFailure | undefined): UpstreamFailure | undefined {
    const answer = failure === undefined ? this.#aggregator!.result() : undefined;
    if (answer === undefined) return failure ?? unusable();
    const { client } = this.#job;
    client.head({
      status: 200,
      statusText: "OK",
      rawHeaders: ["Content-Type", "application/json"],
      contentLength: answer.length,
    });
    client.write(answer);
    return undefined;
  }

  /** Returns what the client must be told besides. An error that the engine wrote into its answer has reached it as it came. */
  #deliverRest(failure: UpstreamFailure | undefined): UpstreamFailure | undefined {
    for (const piece of this.#job.hider?.end() ?? []) this.#pass(piece);
    return this.#watch?.outcome === "failed" ? undefined : failure;
  }

  /** What breaks after the engine said that the answer is complete takes nothing away from it. */
  #broken(failure: UpstreamFailure): void {
    if (this.#watch?.outcome === "finished") this.#end();
    else this.#over("failed", { kind: "failed", failure });
  }

  #over(state: RelayState, result: RelayResult): void {
    this.state = state;
    this.#silence?.end();
    this.#settle(result);
  }
}
