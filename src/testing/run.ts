import type { Clock } from "../gate/index.ts";
import type { Turnstile } from "./turnstile.ts";

/** How long things take. All in milliseconds, 0 for at once. */
export interface Timing {
  /** For each token of the prompt that is not in the cache. */
  readonly prefillMsPerToken: number;
  readonly decodeMsPerToken: number;
  /** For loading a model, where the engine loads one for a request. */
  readonly loadMs: number;
}

/** What a run works off. Nothing of it may throw. */
export interface Work {
  readonly id: number;
  /** Before anything else. */
  readonly loadMs: number;
  readonly prefillTokens: number;
  readonly batchTokens: number;
  /** False for work that is over when its prompt was read. */
  readonly decodes: boolean;
  /** A batch of the prompt was read; `done` tokens in all. */
  prefilled(done: number): void;
  /** The prompt was read and the first token is next. */
  decoding(): void;
  /** One step of the model: false when it was the last. */
  token(): boolean;
  /** True if the next token may be written; otherwise `go` is called once it may. */
  writable(go: () => void): boolean;
  ended(cancelled: boolean): void;
}

/** What a run shares with the others of its server. */
export interface Workshop {
  readonly clock: Clock;
  readonly timing: Timing;
  readonly batches: Turnstile;
  readonly tokens: Turnstile;
}

/** Tokens that take no time are made in bursts of so many; between them, other requests and hang-ups get their turn. */
const BURST = 16;

const CATCH_UP_MS = 20;

/**
 * The work for one request in its slot: load, read the prompt batch by batch, write token by token. A batch or a token under way
 * cannot be interrupted, as on real engines: a cancel takes effect at the next boundary, or at once while the run waits for anything else.
 *
 *     loading ──▶ prefilling ──▶ decoding ──▶ ended        cancel(): ──▶ ended, at a boundary of each
 */
export class Run {
  readonly #work: Work;
  readonly #shop: Workshop;
  #prefilled = 0;
  /** When the step under way is done; steps follow each other without drift. */
  #dueAt = 0;
  /** The time for the next step has been taken. */
  #paid = false;
  /** Set while something is computed. */
  #callOff: (() => void) | undefined;
  #cancelled = false;
  #ended = false;

  constructor(work: Work, shop: Workshop) {
    this.#work = work;
    this.#shop = shop;
  }

  start(): void {
    this.#dueAt = this.#shop.clock.now();
    const loaded = (): void => {
      this.#paid = false;
      this.#prefill();
    };
    if (!this.#takesTime(this.#work.loadMs, loaded)) loaded();
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#callOff === undefined) this.#end(true);
  }

  /** Ends now, as when the whole server goes down. */
  kill(): void {
    this.#callOff?.();
    this.#end(true);
  }

  readonly #prefill = (): void => {
    const { id, prefillTokens, batchTokens } = this.#work;
    while (this.#prefilled < prefillTokens) {
      if (this.#stopsHere()) return;
      const batch = Math.min(batchTokens, prefillTokens - this.#prefilled);
      if (!this.#paid) {
        if (!this.#shop.batches.pass(id, this.#prefill)) return;
        if (this.#takesTime(batch * this.#shop.timing.prefillMsPerToken, this.#prefill)) return;
      }
      this.#paid = false;
      this.#prefilled += batch;
      this.#work.prefilled(this.#prefilled);
    }
    if (this.#stopsHere()) return;
    if (!this.#work.decodes) {
      this.#end(false);
      return;
    }
    this.#work.decoding();
    this.#decode();
  };

  readonly #decode = (): void => {
    const { decodeMsPerToken } = this.#shop.timing;
    for (let made = 0; made < BURST; made++) {
      if (this.#stopsHere()) return;
      if (!this.#paid) {
        if (!this.#work.writable(this.#decode) || !this.#shop.tokens.pass(this.#work.id, this.#decode)) return;
        if (this.#takesTime(decodeMsPerToken, this.#decode)) return;
      }
      this.#paid = false;
      if (!this.#work.token()) {
        this.#end(false);
        return;
      }
    }
    setImmediate(this.#decode);
  };

  /** True if `next` is called, with the time paid for, after `ms`; false if no time need pass. */
  #takesTime(ms: number, next: () => void): boolean {
    const now = this.#shop.clock.now();
    // Time lost by a late timer is caught up; time spent at a turnstile is not.
    if (this.#dueAt < now - CATCH_UP_MS) this.#dueAt = now;
    this.#dueAt += ms;
    const delayMs = this.#dueAt - now;
    if (ms === 0 || delayMs <= 0) return false;
    this.#callOff = this.#shop.clock.after(
      delayMs,
      () => {
        this.#callOff = undefined;
        this.#paid = true;
        next();
      },
      true,
    );
    return true;
  }

  #stopsHere(): boolean {
    if (this.#cancelled) this.#end(true);
    return this.#ended;
  }

  #end(cancelled: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#callOff = undefined;
    this.#shop.batches.leave(this.#work.id);
    this.#shop.tokens.leave(this.#work.id);
    this.#work.ended(cancelled);
  }
}
