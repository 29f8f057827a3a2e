import type { Dispatcher } from "undici";
import type { Aggregator } from "../protocol/aggregate.ts";
import type { AnswerWatch } from "../protocol/answer-watch.ts";
import type { Hider } from "../protocol/hide.ts";
import { lengthOf, streams } from "./answer-form.ts";
import { Attempt, type ResponseHead, type UpstreamRequest } from "./attempt.ts";
import { UpstreamFailure } from "./upstream-failure.ts";

/** The client's side of one request. The relay never touches a socket of it. */
export interface ClientPort {
  /** Whether a head was sent already (a heartbeat did it): an error can then only be told in-band. */
  readonly begun: boolean;
  head(head: ResponseHead): void;
  /** `false` asks for a pause until `onDrain` calls back. */
  write(chunk: Uint8Array): boolean;
  onDrain(resume: () => void): void;
  end(): void;
}

export interface RelayJob {
  readonly dispatcher: Dispatcher;
  readonly request: UpstreamRequest;
  readonly client: ClientPort;
  /** Whether the answer should come as a stream. Its content type has the last word. */
  readonly streaming: boolean;
  /** Makes what follows the answer, of a stream or of a whole one; none for what is passed through unseen. */
  readonly watch: ((streaming: boolean) => AnswerWatch) | undefined;
  /** Removes what Headgate asked the engine for itself. */
  readonly hider: Hider | undefined;
  /** Collects a forced stream into the one answer that the client asked for. */
  readonly aggregator: Aggregator | undefined;
  /** Whether closing the connection is safe for this engine; else a hung-up client's answer is read to its end. */
  readonly mayAbort: boolean;
  /** The first content token came. */
  readonly onFirstToken: (() => void) | undefined;
}

/**
 * How a request ended at the model server.
 *
 * `finished`: it gave an answer of its own, which the client has, whatever its status. `refused`: it gave an error status after
 * the client had been sent a head; the caller tells it in-band. `failed`: no answer, a broken one, or an error inside a 200.
 * `gone`: the client left.
 */
export type RelayResult =
  | { readonly kind: "finished"; readonly status: number }
  | { readonly kind: "refused"; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: "failed"; readonly failure: UpstreamFailure }
  | { readonly kind: "gone" };

/** An error body that must be told in-band is read up to here. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** One request on its way through one model server, to one client. It only moves forward: sending, answering, over. */
export class Relay {
  readonly result: Promise<RelayResult>;
  readonly #job: RelayJob;
  readonly #attempt: Attempt;
  #settle!: (result: RelayResult) => void;
  #status = 0;
  #mode: "pass" | "collect" | "refusal" = "pass";
  #watch: AnswerWatch | undefined;
  readonly #refusal: Uint8Array[] = [];
  #refusalBytes = 0;
  #tokenSeen = false;
  #clientGone = false;

  constructor(job: RelayJob) {
    this.#job = job;
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#attempt = new Attempt(job.dispatcher, job.request, {
      head: (head) => this.#head(head),
      data: (chunk) => this.#data(chunk),
      end: () => this.#end(),
      error: (failure) => this.#broken(failure),
    });
  }

  /** The client hung up: abort the model server's work, or read it to its end where an abort would harm the server. */
  clientGone(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    if (this.#job.mayAbort) {
      this.#attempt.abort();
      this.#over({ kind: "gone" });
    } else this.#attempt.resume();
  }

  #head(head: ResponseHead): void {
    this.#status = head.status;
    const { client, aggregator, watch } = this.#job;
    const good = head.status >= 200 && head.status < 300;
    const streaming = streams(head) ?? this.#job.streaming;
    // Other good statuses, 204 above all, promise no answer that could be unfinished.
    if (head.status === 200) this.#watch = watch?.(streaming);
    if (client.begun && !good) this.#mode = "refusal";
    else if (aggregator !== undefined && good && streaming) this.#mode = "collect";
    else if (!this.#clientGone) client.head(watch === undefined ? { ...head, contentLength: lengthOf(head) } : head);
  }

  #data(chunk: Uint8Array): void {
    const watch = this.#watch;
    if (this.#mode === "refusal") return this.#keepRefusal(chunk);
    watch?.push(chunk);
    if (!this.#tokenSeen && watch?.started === true) {
      this.#tokenSeen = true;
      this.#job.onFirstToken?.();
    }
    if (this.#mode === "collect") this.#job.aggregator!.push(chunk);
    else if (this.#job.hider === undefined) this.#pass(chunk);
    else for (const piece of this.#job.hider.push(chunk)) this.#pass(piece);
  }

  #pass(chunk: Uint8Array): void {
    if (this.#clientGone) return;
    const { client } = this.#job;
    if (client.write(chunk)) return;
    this.#attempt.pause();
    client.onDrain(() => this.#attempt.resume());
  }

  #end(): void {
    const { client, hider, aggregator } = this.#job;
    const watch = this.#watch;
    if (this.#clientGone) return this.#over({ kind: "gone" });
    if (this.#mode === "refusal") {
      return this.#over({ kind: "refused", status: this.#status, body: concat(this.#refusal) });
    }
    watch?.end();
    const failure = failureOf(watch);
    if (this.#mode === "collect") {
      const answer = failure === undefined ? aggregator!.result() : undefined;
      if (answer === undefined) return this.#over({ kind: "failed", failure: failure ?? unusable() });
      client.head({
        status: 200,
        statusText: "OK",
        rawHeaders: ["Content-Type", "application/json"],
        contentLength: answer.length,
      });
      client.write(answer);
    } else {
      for (const piece of hider?.end() ?? []) this.#pass(piece);
      // An error that the engine wrote into its answer has reached the client as it came.
      if (failure !== undefined && watch?.outcome !== "failed") return this.#over({ kind: "failed", failure });
    }
    client.end();
    this.#over({ kind: "finished", status: this.#status });
  }

  /** What breaks after the engine said that the answer is complete takes nothing away from it. */
  #broken(failure: UpstreamFailure): void {
    if (this.#watch?.outcome === "finished") this.#end();
    else this.#over({ kind: "failed", failure });
  }

  #keepRefusal(chunk: Uint8Array): void {
    if (this.#refusalBytes >= MAX_REFUSAL_BYTES) return;
    this.#refusalBytes += chunk.length;
    this.#refusal.push(chunk);
  }

  #over(result: RelayResult): void {
    this.#settle(result);
  }
}

/** What is wrong with an answer whose bytes came to an orderly end. */
function failureOf(watch: AnswerWatch | undefined): UpstreamFailure | undefined {
  if (watch === undefined || watch.outcome === "finished") return undefined;
  if (watch.outcome === "failed") {
    const said = watch.error?.message ?? "no reason given";
    return new UpstreamFailure("upstream_failed", `the model server reported an error in its answer: ${said}`, true);
  }
  return new UpstreamFailure("upstream_failed", "the model server's answer ended before it was finished", true);
}

function unusable(): UpstreamFailure {
  return new UpstreamFailure("upstream_failed", "the model server's answer could not be put together", true);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks).subarray(0, MAX_REFUSAL_BYTES);
}
