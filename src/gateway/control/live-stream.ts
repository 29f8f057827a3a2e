import type { ServerResponse } from "node:http";
import type { Clock } from "../../gate/index.ts";

/** Events kept for a client that reads slowly. More than that, and a snapshot is shorter. */
export const OUTBOX = 128;
/** Proxies and browsers take a longer silence for the end. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": heartbeat\n\n";
/** How soon a browser should ask again after the end. */
const RETRY = "retry: 2000\n\n";

const HEAD = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
} as const;

/**
 * The live view as one client reads it. It never waits for that client: who reads too slowly misses events, and is sent a fresh
 * snapshot as soon as there is room again.
 */
export class LiveStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  /** Everything at this moment, as an event. */
  readonly #snapshot: () => string;
  readonly #outbox: string[] = [];
  #missed = false;
  #stopHeartbeats: (() => void) | null = null;

  /** `onClose` is called once the connection is gone, whoever ended it. */
  constructor(
    response: ServerResponse,
    { clock, snapshot, onClose }: { clock: Clock; snapshot: () => string; onClose: () => void },
  ) {
    this.#response = response;
    this.#clock = clock;
    this.#snapshot = snapshot;
    response.on("drain", () => this.#drained());
    response.on("close", () => {
      this.#stopHeartbeats?.();
      onClose();
    });
    // A reset is reported here; `close` follows and says all there is to say.
    response.on("error", () => {});
    response.writeHead(200, HEAD);
    this.#write(RETRY + snapshot());
  }

  send(events: readonly string[]): void {
    if (events.length === 0) return;
    if (events.length > OUTBOX || this.#outbox.length + events.length > OUTBOX) {
      this.#outbox.length = 0;
      this.#missed = true;
    } else if (!this.#missed) this.#outbox.push(...events);
    if (!this.#response.writableNeedDrain) this.#drained();
  }

  end(): void {
    this.#stopHeartbeats?.();
    this.#response.end();
  }

  #drained(): void {
    const text = this.#missed ? this.#snapshot() : this.#outbox.join("");
    this.#missed = false;
    this.#outbox.length = 0;
    if (text !== "") this.#write(text);
  }

  #write(text: string): void {
    this.#response.write(text);
    this.#stopHeartbeats?.();
    this.#stopHeartbeats = this.#clock.after(HEARTBEAT_MS, () => this.#beat(), false);
  }

  /** A client that has not read what it was sent needs no proof that we are here. */
  #beat(): void {
    this.#write(this.#response.writableNeedDrain ? "" : HEARTBEAT);
  }
}
