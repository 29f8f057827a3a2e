import type { Clock } from "../gate/index.ts";
import type { Heartbeat } from "./manners/manners.ts";
import type { Headers, Reply } from "./reply.ts";
import type { Served } from "./served.ts";

/** What leaves the server for one request: headers once, then frames, with heartbeats in between; nothing for a client that is gone. */
export class Delivery {
  readonly #reply: Reply;
  readonly #served: Served;
  readonly #clock: Clock;
  readonly #headers: Headers;
  #gone = false;
  #wroteAt = 0;
  #stopBeating: (() => void) | undefined;

  constructor(
    reply: Reply,
    { served, clock, headers }: { readonly served: Served; readonly clock: Clock; readonly headers: Headers },
  ) {
    this.#reply = reply;
    this.#served = served;
    this.#clock = clock;
    this.#headers = headers;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The client hung up. */
  lose(): void {
    this.#gone = true;
    this.stopBeating();
  }

  head(contentType: string, status = 200): void {
    if (this.#gone || this.#reply.headed) return;
    this.#served.status = status;
    this.#reply.head(status, { ...this.#headers, "Content-Type": contentType });
  }

  write(frames: string): void {
    this.#wroteAt = this.#clock.now();
    if (!this.#gone) this.#reply.write(frames);
  }

  end(data?: string): void {
    this.stopBeating();
    if (!this.#gone) this.#reply.end(data);
  }

  /** Headers and all, unless they are out. */
  whole(contentType: string, body: string): void {
    if (this.#reply.headed || this.#gone) {
      this.end(body);
      return;
    }
    this.#served.status = 200;
    this.#reply.answer(200, { ...this.#headers, "Content-Type": contentType }, body);
  }

  cut(): void {
    this.stopBeating();
    this.#reply.cut();
  }

  reset(): void {
    this.stopBeating();
    this.#reply.reset();
  }

  writable(go: () => void): boolean {
    return this.#gone || this.#reply.writable(go);
  }

  /** Fills silences from now on. */
  beat({ everyMs, frame, atOnce }: Heartbeat): void {
    if (atOnce) this.write(frame);
    this.#wroteAt = this.#clock.now();
    this.#beatAfter(everyMs, everyMs, frame);
  }

  stopBeating(): void {
    this.#stopBeating?.();
    this.#stopBeating = undefined;
  }

  #beatAfter(delayMs: number, everyMs: number, frame: string): void {
    this.#stopBeating = this.#clock.after(
      delayMs,
      () => {
        const silentMs = this.#clock.now() - this.#wroteAt;
        if (silentMs >= everyMs) this.write(frame);
        this.#beatAfter(silentMs >= everyMs ? everyMs : everyMs - silentMs, everyMs, frame);
      },
      true,
    );
  }
}
