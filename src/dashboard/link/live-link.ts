import { SseDecoder } from "../../protocol/sse.ts";
import { get, Refusal } from "./api.ts";

/** How it stands with the live view. `denied`: a key is needed, or another. */
export type LinkState = "connecting" | "live" | "lost" | "denied";

export interface LinkEvents {
  event(name: string, data: unknown): void;
  state(state: LinkState, why: string | undefined): void;
}

const EVENTS = "/headgate/events?history";
/** The gateway says something every 15 s. */
const SILENCE_MS = 40_000;
/** How soon it is tried again, the first time and later. */
const RETRY_MS: readonly number[] = [500, 1_000, 2_000, 4_000];
/** A thousand requests are half of this. */
const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;

const utf8 = new TextDecoder();

/**
 * The live view of the gateway, which comes back by itself when it was lost. By `fetch` and not by `EventSource`, which cannot send
 * a key.
 */
export class LiveLink {
  readonly #events: LinkEvents;
  #wake: (() => void) | undefined;
  #running = false;

  constructor(events: LinkEvents) {
    this.#events = events;
  }

  /** Connects; after `denied` it must be called again, with a key. */
  start(): void {
    if (this.#running) return this.#wake?.();
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (let tries = 0; ; tries++) {
      let why: string | undefined;
      try {
        await this.#follow(() => {
          tries = 0;
        });
      } catch (error) {
        if (error instanceof Refusal) why = error.message;
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
          this.#running = false;
          return this.#events.state("denied", error.message);
        }
      }
      this.#events.state("lost", why);
      await this.#pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]!);
    }
  }

  /** Resolves when the gateway ends it, rejects when it breaks off or is silent for too long. */
  async #follow(onLive: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = 0;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    heard();
    try {
      const { body } = await get(EVENTS, silence.signal);
      const sse = new SseDecoder(MAX_SNAPSHOT_BYTES);
      const reader = body!.getReader();
      for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        heard();
        for (const { event, data } of sse.push(value!)) {
          if (event === undefined || data === undefined) continue;
          this.#events.event(event, JSON.parse(utf8.decode(data)));
          if (event !== "snapshot") continue;
          onLive();
          this.#events.state("live", undefined);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
