import type { AcquireApi, Job, RunApi } from "./contender.ts";
import type { Signals } from "./measurement.ts";

/** Waiters that are still in line, and the promise of the last one's end. */
class Crowd {
  readonly gone: Promise<void>;
  readonly #leave: () => void;
  #left: number;

  constructor(size: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#leave = resolve;
    this.#left = size;
  }

  oneLess(): void {
    if (--this.#left === 0) this.#leave();
  }
}

/** The work that is timed, one class for each style. Every contender of a style is driven by the same lines. */
export interface Passes {
  /** One caller after another; nobody ever waits. */
  alone(times: number, priority: number): Promise<void>;
  /** Takes the permit, so that others queue; the returned function lets go. */
  hold(): Promise<() => void>;
  /** Sends in one caller for each priority. Resolves when the last has passed. */
  queue(priorities: readonly number[]): Promise<void>;
  /** The same under signals; resolves when the last has been turned away. */
  queueUnder(signals: readonly AbortSignal[], priorities: readonly number[]): Promise<void>;
  /** Only waits in line: nobody awaits the promises, so what the heap gains is the contender's own. */
  stand(priorities: readonly number[]): void;
}

export class AcquirePasses implements Passes {
  readonly #gate: AcquireApi;
  constructor(gate: AcquireApi) {
    this.#gate = gate;
  }

  async alone(times: number, priority: number): Promise<void> {
    for (let pass = 0; pass < times; pass++) {
      const token = await this.#gate.acquire(priority);
      this.#gate.release(token);
    }
  }

  async hold(): Promise<() => void> {
    const token = await this.#gate.acquire(0);
    return () => this.#gate.release(token);
  }

  queue(priorities: readonly number[]): Promise<void> {
    const crowd = new Crowd(priorities.length);
    for (const priority of priorities) void this.#pass(priority, crowd);
    return crowd.gone;
  }

  queueUnder(signals: readonly AbortSignal[], priorities: readonly number[]): Promise<void> {
    const crowd = new Crowd(priorities.length);
    for (let index = 0; index < priorities.length; index++) {
      void this.#passUnder(signals[index % signals.length]!, priorities[index]!, crowd);
    }
    return crowd.gone;
  }

  stand(priorities: readonly number[]): void {
    for (const priority of priorities) void this.#gate.acquire(priority);
  }

  async #pass(priority: number, crowd: Crowd): Promise<void> {
    const token = await this.#gate.acquire(priority);
    this.#gate.release(token);
    crowd.oneLess();
  }

  async #passUnder(signal: AbortSignal, priority: number, crowd: Crowd): Promise<void> {
    try {
      this.#gate.release(await this.#gate.acquire(priority, signal));
    } catch {
      crowd.oneLess();
    }
  }
}

export class RunPasses implements Passes {
  readonly #gate: RunApi;
  constructor(gate: RunApi) {
    this.#gate = gate;
  }

  async alone(times: number, priority: number): Promise<void> {
    for (let pass = 0; pass < times; pass++) await this.#gate.run(job, priority);
  }

  async hold(): Promise<() => void> {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const { promise: end, resolve: letGo } = Promise.withResolvers<void>();
    void this.#gate.run(() => {
      start();
      return end;
    }, 0);
    await started;
    return letGo;
  }

  queue(priorities: readonly number[]): Promise<void> {
    const crowd = new Crowd(priorities.length);
    for (const priority of priorities) void this.#pass(priority, crowd);
    return crowd.gone;
  }

  queueUnder(signals: readonly AbortSignal[], priorities: readonly number[]): Promise<void> {
    const crowd = new Crowd(priorities.length);
    for (let index = 0; index < priorities.length; index++) {
      void this.#passUnder(signals[index % signals.length]!, priorities[index]!, crowd);
    }
    return crowd.gone;
  }

  stand(priorities: readonly number[]): void {
    for (const priority of priorities) void this.#gate.run(job, priority);
  }

  async #pass(priority: number, crowd: Crowd): Promise<void> {
    await this.#gate.run(job, priority);
    crowd.oneLess();
  }

  async #passUnder(signal: AbortSignal, priority: number, crowd: Crowd): Promise<void> {
    try {
      await this.#gate.run(job, priority, signal);
    } catch {
      crowd.oneLess();
    }
  }
}

/** The job of every `run`: an async function that does nothing, the least that all of them accept. */
const job: Job = async () => {};

export function controllersFor(signals: Signals, waiters: number): AbortController[] {
  return Array.from({ length: signals === "own" ? waiters : 1 }, () => new AbortController());
}
