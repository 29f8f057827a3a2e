import { Model } from "../state/model.ts";
import { watchBatches, type Batch } from "./batches.ts";
import { act, Refusal } from "./api.ts";
import { forgetKey, keepKey, readKey } from "./key.ts";
import { LiveLink, type LinkState } from "./live-link.ts";

/** How often ages run on when nothing else happens. */
const TICK_MS = 1_000;

/** Everything the page shows, and everything it can do. Whoever is subscribed hears of changes at most once per frame. */
export class Store {
  readonly model: Model = new Model();
  link: LinkState = "connecting";
  /** What the gateway said when it did not let the page look. */
  why: string | undefined;
  /** Whether there ever was a snapshot. */
  known = false;
  batches: readonly Batch[] | undefined;
  /** What came of the last action. */
  said: { readonly text: string; readonly failed: boolean } | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #live: LiveLink;
  #frame = 0;
  #endBatches: (() => void) | undefined;

  constructor() {
    this.#live = new LiveLink({
      event: (name, data) => {
        this.model.take(name, data, Date.now());
        this.known ||= name === "snapshot";
        this.#stir();
      },
      state: (state, why) => this.#linkChanged(state, why),
    });
  }

  /** The gateway's clock. */
  get now(): number {
    return Date.now() + this.model.aheadMs;
  }

  get mayAct(): boolean {
    return this.known && this.model.caller.role === "admin" && this.link === "live";
  }

  get hasKey(): boolean {
    return readKey() !== undefined;
  }

  start(): void {
    this.#live.start();
    setInterval(() => this.#stir(), TICK_MS);
    // A machine that slept, or a tab that was away, need not wait for its turn.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.link === "lost") this.#live.start();
    });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  useKey(key: string): void {
    keepKey(key);
    this.why = undefined;
    this.#live.start();
  }

  /** Also what was seen with it. */
  forgetKey(): void {
    forgetKey();
    location.reload();
  }

  /** Never rejects: what came of it is in {@link said}. Resolves with whether it was done. */
  async act(path: string, body: object = {}): Promise<boolean> {
    try {
      this.say(await act(path, body), false);
      return true;
    } catch (error) {
      this.say(
        error instanceof Refusal ? error.message : "The gateway does not answer; nothing is known to have changed.",
        true,
      );
      return false;
    }
  }

  say(text: string, failed: boolean): void {
    this.said = text === "" ? undefined : { text, failed };
    this.#stir();
  }

  #linkChanged(state: LinkState, why: string | undefined): void {
    this.link = state;
    this.why = why;
    if (state === "live") {
      this.#endBatches ??= watchBatches((batches) => {
        this.batches = batches;
        this.#stir();
      });
    } else {
      this.#endBatches?.();
      this.#endBatches = undefined;
    }
    this.#stir();
  }

  #stir(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}
