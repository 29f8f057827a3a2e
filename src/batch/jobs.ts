import type { Clock } from "../gate/index.ts";
import { backoffMs } from "./backoff.ts";

type Work = () => Promise<void>;

export interface JobNews {
  /** It failed, and is done again. */
  trouble(id: string, error: unknown): void;
  done(id: string): void;
}

/** Work on things with an id: one piece at a time for each, done again until it succeeds. */
export class Jobs {
  readonly #clock: Clock;
  readonly #news: JobNews;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Work>();
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock, news: JobNews) {
    this.#clock = clock;
    this.#news = news;
  }

  isBusy(id: string): boolean {
    return this.#running.has(id);
  }

  /** Does it at once, or after what is being done for `id`. Of several that wait only the last is done. */
  run(id: string, work: Work): void {
    if (this.#closed) return;
    if (this.#running.has(id)) this.#next.set(id, work);
    else this.#running.set(id, this.#do(id, work));
  }

  /** Nothing begins any more. What is being done may finish. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#waits) end();
    await Promise.all(this.#running.values());
  }

  async #do(id: string, first: Work): Promise<void> {
    for (let work: Work | undefined = first; work !== undefined; work = this.#takeNext(id))
      await this.#untilDone(id, work);
    this.#running.delete(id);
  }

  #takeNext(id: string): Work | undefined {
    const next = this.#closed ? undefined : this.#next.get(id);
    this.#next.delete(id);
    return next;
  }

  async #untilDone(id: string, work: Work): Promise<void> {
    for (let failures = 1; !this.#closed && !(await this.#isDone(id, work)); failures += 1) {
      await this.#wait(backoffMs(failures));
    }
  }

  async #isDone(id: string, work: Work): Promise<boolean> {
    try {
      await work();
      this.#news.done(id);
      return true;
    } catch (error) {
      this.#news.trouble(id, error);
      return false;
    }
  }

  async #wait(delayMs: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#clock.after(Math.ceil(delayMs), resolve, true);
    this.#waits.add(resolve);
    await promise;
    this.#waits.delete(resolve);
    callOff();
  }
}
