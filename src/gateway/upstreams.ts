import { systemClock, type Clock } from "../gate/index.ts";
import type { Upstream } from "./upstream.ts";

/** How often a server is asked. llama-server restarts its cancel timers whenever it answers, so not often. */
const PROBE_DOWN_MS = 2_000;
const PROBE_UP_MS = 15_000;
/** Nor is it asked sooner how busy it is, whatever else makes a probe necessary; a timer may be early by a little. */
const LOAD_AT_MOST_MS = PROBE_UP_MS - 100;

/** Which server a request goes to, or why none. */
export type Choice =
  | { readonly upstream: Upstream }
  | { readonly refused: "no_upstream" | "upstream_down" | "unknown_model"; readonly models: readonly string[] };

export interface UpstreamsOptions {
  /** Called after every probe; it compares for itself. */
  readonly onChange: (upstream: Upstream) => void;
  /** The most requests at a server that can be this gateway's own; `undefined` while that cannot be told. */
  readonly own: (upstream: Upstream) => number | undefined;
  readonly clock?: Clock;
}

/** The model servers behind one gateway, and who of them is up. */
export class Upstreams {
  readonly all: Upstream[] = [];
  readonly #clock: Clock;
  readonly #onChange: (upstream: Upstream) => void;
  readonly #own: (upstream: Upstream) => number | undefined;
  readonly #lookedAt = new WeakMap<Upstream, number>();
  readonly #timers = new Map<Upstream, () => void>();
  #closed = false;

  constructor({ onChange, own, clock = systemClock }: UpstreamsOptions) {
    this.#onChange = onChange;
    this.#own = own;
    this.#clock = clock;
  }

  /** Takes a server in and resolves once it was asked for the first time. */
  async add(upstream: Upstream): Promise<void> {
    this.all.push(upstream);
    await this.#probe(upstream);
  }

  /** Lets a server go. Requests that run on it are cut off. */
  async remove(upstream: Upstream): Promise<void> {
    this.all.splice(this.all.indexOf(upstream), 1);
    this.#timers.get(upstream)?.();
    this.#timers.delete(upstream);
    await upstream.close();
  }

  /** Asks `upstream` now rather than at its next turn. */
  recheck(upstream: Upstream): void {
    void this.#probe(upstream);
  }

  recheckAll(): void {
    for (const upstream of this.all) this.recheck(upstream);
  }

  /**
   * The server for `model`: the first that serves it and is up. A single server takes every name; it judges for itself. With
   * several, an unknown name is refused, so that no typing error loads a model by surprise.
   */
  choose(model: string | undefined): Choice {
    const candidates = this.#candidates(model);
    const upstream = candidates.find(({ health }) => health === "ready") ?? candidates.find(isUp);
    if (upstream !== undefined) return { upstream };
    return { refused: this.#whyNone(candidates), models: this.models() };
  }

  #whyNone(candidates: readonly Upstream[]): "no_upstream" | "upstream_down" | "unknown_model" {
    if (this.all.length === 0) return "no_upstream";
    return candidates.length === 0 ? "unknown_model" : "upstream_down";
  }

  #candidates(model: string | undefined): readonly Upstream[] {
    if (model === undefined) return this.all;
    const serving = this.all.filter((upstream) => upstream.serves(model));
    if (serving.length > 0) return serving;
    // Who never told what it serves may well serve this.
    return this.all.filter(
      ({ models, takesAnyModel }) => takesAnyModel && (models === undefined || this.all.length === 1),
    );
  }

  /** Every model name that some server told last, each once. */
  models(): readonly string[] {
    return [...new Set(this.all.flatMap((upstream) => upstream.models ?? []))];
  }

  /** Whether some server is known to have a model of this name. */
  serves(model: string): boolean {
    return this.all.some((upstream) => upstream.serves(model));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const callOff of this.#timers.values()) callOff();
    this.#timers.clear();
    await Promise.all(this.all.map((upstream) => upstream.close()));
  }

  async #probe(upstream: Upstream): Promise<void> {
    this.#timers.get(upstream)?.();
    await upstream.refresh();
    await this.#lookForOthers(upstream);
    if (this.#closed || !this.all.includes(upstream)) return;
    this.#onChange(upstream);
    const delayMs = upstream.health === "ready" && !upstream.doubtful ? PROBE_UP_MS : PROBE_DOWN_MS;
    this.#timers.get(upstream)?.();
    this.#timers.set(
      upstream,
      this.#clock.after(delayMs, () => void this.#probe(upstream), false),
    );
  }

  async #lookForOthers(upstream: Upstream): Promise<void> {
    const now = this.#clock.now();
    if (now - (this.#lookedAt.get(upstream) ?? -Infinity) < LOAD_AT_MOST_MS) return;
    this.#lookedAt.set(upstream, now);
    await upstream.lookForOthers(() => this.#own(upstream));
  }
}

function isUp(upstream: Upstream): boolean {
  return upstream.health !== "down";
}
