import type { ServerResponse } from "node:http";
import type { Clock } from "../../gate/index.ts";
import { ClientPresence } from "../client-gone.ts";
import type { PermitEvent } from "./permit-events.ts";

/** What clients are promised, whatever is configured: after three times this without a line they may think us gone. */
const MAX_SILENCE_MS = 15_000;

/** How a stream of lines is answered. */
export interface PermitStreamOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Response headers besides those of the stream: name, value, name, value. */
  readonly headers: readonly string[];
  /** Called before the first line: the answer is a stream from here on. */
  readonly onBegin: () => void;
}

/**
 * The answer to a request for a permit: one JSON object a line, each sent at once, and a heartbeat whenever there was nothing to
 * say. The heartbeats are for both ends: they are how a client that vanished without a word is noticed at all.
 */
export class PermitStream {
  /** Aborts when the connection closes before the last line was sent. */
  readonly presence: ClientPresence = new ClientPresence();
  readonly #response: ServerResponse;
  readonly #options: PermitStreamOptions;
  #stopHeartbeats: (() => void) | null = null;
  #state: "new" | "open" | "over" = "new";

  constructor(response: ServerResponse, options: PermitStreamOptions) {
    this.#response = response;
    this.#options = options;
    response.on("close", () => {
      this.#over();
      if (!response.writableFinished) this.presence.left();
    });
    // A reset is reported here; `close` follows and says all there is to say.
    response.on("error", () => {});
  }

  get begun(): boolean {
    return this.#state !== "new";
  }

  /** Sends a line, unless the stream is over. */
  line(event: PermitEvent): void {
    if (!this.#open()) return;
    this.#response.write(encode(event));
    this.#awaitSilence();
  }

  /** Sends the last line, unless the stream is over. */
  end(event: PermitEvent): void {
    if (!this.#open()) return;
    this.#over();
    this.#response.end(encode(event));
  }

  #open(): boolean {
    if (this.#state === "over" || this.presence.aborted) return false;
    if (this.#state === "open") return true;
    this.#state = "open";
    this.#options.onBegin();
    this.#response.writeHead(200, [
      "Content-Type",
      "application/x-ndjson",
      "Cache-Control",
      "no-store",
      "X-Accel-Buffering",
      "no",
      ...this.#options.headers,
    ]);
    return true;
  }

  #awaitSilence(): void {
    const { clock, heartbeatMs } = this.#options;
    this.#stopHeartbeats?.();
    const silenceMs = Math.min(heartbeatMs, MAX_SILENCE_MS);
    this.#stopHeartbeats = clock.after(silenceMs, () => this.line({ event: "heartbeat" }), true);
  }

  #over(): void {
    this.#state = "over";
    this.#stopHeartbeats?.();
    this.#stopHeartbeats = null;
  }
}

function encode(event: PermitEvent): string {
  return `${JSON.stringify(event)}\n`;
}
