import type { Permit } from "../gate/index.ts";
import type { Ask } from "../engines/raw-resume.ts";
import type { Place } from "./admission.ts";
import type { Visit } from "./visit.ts";

/** Whose trials they are. */
interface Holder {
  readonly place: Place;
  readonly visit: Visit;
  readonly permit: Permit;
}

/** Small requests to a model server on the way of a larger one, with its permit: they end when it has to make way, or is left. */
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
    if (this.#end.signal.aborted) return undefined;
    this.#asking = true;
    try {
      return await this.#holder.place.upstream.ask(path, body, this.#end.signal);
    } finally {
      this.#asking = false;
    }
  };

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
