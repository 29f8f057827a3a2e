/** Lets a test hold a model between two tokens. */
export class Pace {
  #tokens = Infinity;
  #moved = Promise.withResolvers<void>();

  /** Not one more token. */
  pause(): void {
    this.#tokens = 0;
  }

  /** So many more. */
  step(tokens: number): void {
    this.#tokens += tokens;
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** Resolves when the next token may be computed, or on an abort. */
  async turn(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener("abort", abort);
    while (this.#tokens < 1 && !signal.aborted) await Promise.race([this.#moved.promise, aborted.promise]);
    signal.removeEventListener("abort", abort);
    if (!signal.aborted) this.#tokens -= 1;
  }
}
