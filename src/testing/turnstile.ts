/** Lets requests through one step at a time while it is held; otherwise it stands open. Requests are known by their number. */
export class Turnstile {
  readonly #credits = new Map<number, number>();
  readonly #waiting = new Map<number, () => void>();
  readonly #spent = new Map<number, (() => void)[]>();
  #held = false;

  get held(): boolean {
    return this.#held;
  }

  hold(): void {
    this.#held = true;
  }

  /** Stands open again; whoever waits goes on. */
  open(): void {
    this.#held = false;
    this.#credits.clear();
    for (const id of this.#spent.keys()) this.#settle(id);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const go of waiting) go();
  }

  /** True if `id` may take a step now. If not, `go` is called once it may try again. */
  pass(id: number, go: () => void): boolean {
    if (!this.#held) return true;
    const credits = this.#credits.get(id) ?? 0;
    if (credits > 0) {
      this.#credits.set(id, credits - 1);
      return true;
    }
    this.#settle(id);
    this.#waiting.set(id, go);
    return false;
  }

  /** Allows `id` that many steps; resolves when they were taken and it waits again, or is gone. */
  async step(id: number, steps: number): Promise<void> {
    this.#credits.set(id, (this.#credits.get(id) ?? 0) + steps);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#spent.set(id, [...(this.#spent.get(id) ?? []), resolve]);
    const go = this.#waiting.get(id);
    this.#waiting.delete(id);
    go?.();
    return promise;
  }

  /** True while `id` waits for a step. */
  waits(id: number): boolean {
    return this.#waiting.has(id);
  }

  /** Forgets a request that takes no more steps. */
  leave(id: number): void {
    this.#waiting.delete(id);
    this.#credits.delete(id);
    this.#settle(id);
  }

  #settle(id: number): void {
    const waiting = this.#spent.get(id);
    this.#spent.delete(id);
    for (const resolve of waiting ?? []) resolve();
  }
}
