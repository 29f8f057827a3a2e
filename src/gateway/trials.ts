import type { Permit } from "../gate/index.ts";
import type { Ask } from "../engines/raw-resume.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import type { Visit } from "./visit.ts";

/** How long to wait before a server that loads its model is asked again. */
const PAUSE_MS = 250;

/** Whose trials they are. */
interface Holder {
  readonly gateway: GatewayContext;
  readonly place: Place;
  readonly visit: Visit;
  readonly permit: Permit;
}

/**
 * Small requests to a model server on the way of a larger one, with its permit: they end when it has to make way, or is left. A
 * server that loads its model is waited for, as the larger one would be.
 */
export class Trials implements Disposable {
  readonly #holder: Holder;
  readonly #end: AbortController = new AbortController();
  #asking = false;
  readonly #stop = (): void => {
    if (this.#asking) this.#holder.place.upstream.watchdog.aborted();
    this.#end.abort();
  };

  constructor(holder: Holder) {
    this.#holder = holder;
    const { permit, visit } = holder;
    permit.signal.addEventListener("abort", this.#stop);
    visit.response.presence.addEventListener("abort", this.#stop);
    if (permit.signal.aborted || visit.response.presence.aborted) this.#stop();
  }

  readonly ask: Ask = async (path, body) => {
    const { clock, config } = this.#holder.gateway;
    const until = clock.now() + config.preempt.maxParkedMs;
    for (;;) {
      const answer = await this.#ask(path, body);
      if (answer?.status !== 503 || clock.now() >= until) return answer;
      await this.#pause();
    }
  };

  async #ask(path: string, body: object): ReturnType<Ask> {
    if (this.#end.signal.aborted) return undefined;
    this.#asking = true;
    try {
      return await this.#holder.place.upstream.ask(path, body, this.#end.signal);
    } finally {
      this.#asking = false;
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#holder.gateway.clock.after(PAUSE_MS, resolve, true);
    this.#end.signal.addEventListener("abort", () => resolve());
    await promise;
    callOff();
  }

  /** @throws {ClientGone} */
  throwIfGone(): void {
    const { presence } = this.#holder.visit.response;
    if (presence.aborted) throw presence.reason;
  }

  [Symbol.dispose](): void {
    this.#holder.permit.signal.removeEventListener("abort", this.#stop);
    this.#holder.visit.response.presence.removeEventListener("abort", this.#stop);
  }
}
