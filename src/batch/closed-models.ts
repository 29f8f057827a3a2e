import { backoffMs } from "./backoff.ts";

/** Which models are not to be asked for at the moment, because no server for them could be had. Times are those of the runner's clock. */
export class ClosedModels {
  readonly #closed = new Map<string, { failures: number; until: number }>();

  /** Until when the model is closed; undefined while it may be asked for. */
  until(model: string, now: number): number | undefined {
    const until = this.#closed.get(model)?.until ?? 0;
    return until > now ? until : undefined;
  }

  /** Returns until when. What fails while it is closed already was sent before, and says nothing new. */
  failed(model: string, now: number, askedMs: number | undefined): number {
    const known = this.#closed.get(model);
    if (known !== undefined && known.until > now) return known.until;
    const failures = (known?.failures ?? 0) + 1;
    const until = now + backoffMs(failures, askedMs);
    this.#closed.set(model, { failures, until });
    return until;
  }

  /** A server for it answered. */
  works(model: string): void {
    this.#closed.delete(model);
  }
}
