import type { YieldOptions } from "../gate/index.ts";

/** The call behind a permit. */
export interface RemoteHold {
  readonly id: string;
  readonly priority: number;
  readonly label: string | undefined;
  readonly waitedMs: number;
  readonly released: boolean;
  readonly signal: AbortSignal;
  readonly baseURL: string;
  release(): boolean;
  yield(options: YieldOptions): Promise<boolean>;
}

/**
 * A permit of a gate in another process, held by a connection: it is released by {@link RemotePermit.release}, when this process
 * ends, however it ends, and when the connection is lost. Until then it keeps this process running.
 *
 * It has the members of a `Permit`, with these differences: its signal also aborts when the permit is lost, and `yield` is a
 * question to the gateway even when the answer is no.
 */
export class RemotePermit {
  readonly #hold: RemoteHold;

  /** @internal Permits come from a gate. */
  constructor(hold: RemoteHold) {
    this.#hold = hold;
  }

  /** Names the permit at the gateway. Who knows it and has the same key can use the permit. */
  get id(): string {
    return this.#hold.id;
  }

  /** What the gateway counts it as, which a key's ceiling may have changed. */
  get priority(): number {
    return this.#hold.priority;
  }

  get label(): string | undefined {
    return this.#hold.label;
  }

  /** Milliseconds this call has spent waiting at the gate, the waits inside `yield` included. */
  get waitedMs(): number {
    return this.#hold.waitedMs;
  }

  /** Whether it was given back or lost. */
  get released(): boolean {
    return this.#hold.released;
  }

  /**
   * Requests under this address use this permit instead of waiting behind it, one at a time: `${permit.baseURL}/v1` for an
   * OpenAI-style client, `permit.baseURL` for Anthropic's and Ollama's.
   */
  get baseURL(): string {
    return this.#hold.baseURL;
  }

  /**
   * Aborts with a `GateError` `preempted` when a sooner call waits and this permit was acquired as `preemptible`: answer with
   * `yield()` or `release()`; until then it stays held. After a `yield()` that answers this, it is a fresh one: read it anew.
   *
   * Aborts with a {@link GatewayError} `connection_lost`, or a `GateError` `closed` or `permit_released`, when the permit is gone:
   * somebody else may have it already.
   */
  get signal(): AbortSignal {
    return this.#hold.signal;
  }

  /**
   * Gives the permit back. Returns whether it was still held: a second call is a no-op. The gateway passes it on as soon as it
   * sees the connection close and no request rides on it any more.
   */
  release(): boolean {
    return this.#hold.release();
  }

  /**
   * Lets sooner calls go first. Keeps the permit and resolves `false` if nobody who could run now orders before this one;
   * otherwise gives it up, waits again in the original place and resolves `true`. Calls during the wait share it.
   *
   * If the wait ends in vain the permit is released: rejects with a `GateError` of stage `parked`, with a {@link GatewayError}, or
   * with `signal.reason`.
   *
   * @throws {GateError} `permit_released`, synchronously, when the permit was given back or lost before.
   */
  yield(options: YieldOptions = {}): Promise<boolean> {
    return this.#hold.yield(options);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
