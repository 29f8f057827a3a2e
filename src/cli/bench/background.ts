import { setTimeout as pause } from "node:timers/promises";
import { ask, NoAnswer } from "./ask.ts";
import type { Place } from "./place.ts";
import { questionOf, type Workload } from "./workloads.ts";

/** Who was refused does not storm the server. */
const AFTER_FAILURE_MS = 250;

export interface BackgroundListener {
  /** So many more tokens have come. */
  tokens(count: number): void;
  answered(number: number, text: string): void;
  failed(why: string): void;
}

export interface Asking {
  readonly workload: Workload;
  /** Each asks its next question when it has its answer. */
  readonly clients: number;
  readonly contextTokens: number;
  /** A server that refuses this often in a row is not asked any further. */
  readonly maxFailures: number;
}

/** Clients of the background, from the moment it is made until it is stopped. */
export class Background {
  /** Resolves when it was stopped and nothing of it is left at the server; rejects when the server refuses again and again. */
  readonly done: Promise<unknown>;
  readonly #place: Place;
  readonly #asking: Asking;
  readonly #listener: BackgroundListener;
  readonly #hangUp = new AbortController();
  #stopped = false;
  #asked = 0;

  constructor(place: Place, asking: Asking, listener: BackgroundListener) {
    this.#place = place;
    this.#asking = asking;
    this.#listener = listener;
    this.done = Promise.all(Array.from({ length: asking.clients }, () => this.#client()));
    // Whoever stops it waits for it, and hears of a failure then.
    this.done.catch(() => {});
  }

  /** Hangs up, where that does the server no harm; else waits for the answers that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const { engine } = this.#place.target;
    if (engine.mayAbort({ streaming: this.#place.streamsBackground })) this.#hangUp.abort();
    await this.done;
  }

  async #client(): Promise<void> {
    const { signal } = this.#hangUp;
    const { workload, contextTokens, maxFailures } = this.#asking;
    const onTokens = (count: number): void => this.#listener.tokens(count);
    let failures = 0;
    while (!this.#stopped) {
      const question = questionOf(workload, this.#asked++, contextTokens);
      const call = this.#place.call(question, this.#place.streamsBackground);
      try {
        this.#listener.answered(question.number, await ask(call, { onTokens, signal }));
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof NoAnswer) || ++failures === maxFailures) throw error;
        this.#listener.failed(error.message);
        await pause(AFTER_FAILURE_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
