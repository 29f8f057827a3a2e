import { heartbeat } from "../protocol/heartbeat.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import type { Visit } from "./visit.ts";

/** Signs of life for a client that waits, in its own dialect. Streaming clients only: for the others any byte would be the answer. */
export class Heartbeats {
  readonly #gateway: GatewayContext;
  readonly #visit: Visit;
  readonly #frame: Uint8Array | null;
  #callOff: (() => void) | null = null;
  /** Since when the client has heard nothing. */
  #silentSince: number;

  constructor(gateway: GatewayContext, visit: Visit, { route, facts }: Pick<Place, "route" | "facts">) {
    this.#gateway = gateway;
    this.#visit = visit;
    this.#silentSince = gateway.clock.now();
    this.#frame = facts.stream ? heartbeat(route.dialect, gateway.config.queue.heartbeatForm) : null;
  }

  /** Again after a stop, the silence goes on. Returns how often the client hears something, in milliseconds, if it does. */
  start(): number | undefined {
    const { heartbeatAfterMs } = this.#gateway.config.queue;
    const frame = this.#frame;
    if (frame === null) return undefined;
    const { clock } = this.#gateway;
    const beatLater = (): void => {
      const delayMs = Math.max(0, this.#silentSince + heartbeatAfterMs - clock.now());
      this.#callOff = clock.after(
        delayMs,
        () => {
          this.#visit.response.heartbeat(frame);
          this.#silentSince = clock.now();
          beatLater();
        },
        true,
      );
    };
    beatLater();
    return heartbeatAfterMs;
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = null;
  }
}
