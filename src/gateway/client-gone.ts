import type { AbortSignalLike } from "../gate/index.ts";

/** The reason of a wait that ended because its client hung up. Never sent: nobody is there. */
export class ClientGone extends Error {
  readonly code = "client_closed";

  constructor() {
    super("the client closed the connection");
    this.name = "ClientGone";
  }
}

/**
 * A client's presence as an abort signal. A platform `AbortSignal` costs some microseconds for each request; the gate needs
 * only the four members of its interface, and at most one listener.
 */
export class ClientPresence implements AbortSignalLike {
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** To be called when the connection closes before the answer was complete. */
  left(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = new ClientGone();
    for (const listener of this.#listeners) listener();
  }
}
