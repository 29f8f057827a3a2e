import type { ServedRequest } from "./served.ts";

/** Something that goes wrong. `afterTokens` counts the tokens of the answer; 0 is behind the headers of a stream. */
export type Fault =
  /** Takes the request and never says a word. */
  | { readonly kind: "silent" }
  /** Closes the connection without a word. */
  | { readonly kind: "close" }
  /** Does nothing about the request for so long. */
  | { readonly kind: "slow-headers"; readonly afterMs: number }
  /** Answers with a status and a body, the engine's own error if there is none. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Answers with bytes that are no HTTP. */
  | { readonly kind: "garbage" }
  /** A frame, or a body, that is no JSON. */
  | { readonly kind: "garbage-inside"; readonly afterTokens: number }
  /** Resets the connection. */
  | { readonly kind: "reset"; readonly afterTokens: number }
  /** Closes the connection in the middle of the body. */
  | { readonly kind: "cut"; readonly afterTokens: number }
  /** Ends the body properly, though the answer is not finished. */
  | { readonly kind: "short"; readonly afterTokens: number }
  /** The engine fails: an error in the dialect's form, inside the 200 that was sent. */
  | { readonly kind: "error-inside"; readonly afterTokens: number; readonly message?: string }
  /** Stops making tokens; the connection stays. */
  | { readonly kind: "stall"; readonly afterTokens: number }
  /** Never notices that its client hung up: works to the end of its answer, which is no end if it also stalls. */
  | { readonly kind: "hang-after-abort" };

/** Which requests a fault is for. */
export interface FaultScope {
  /** How many requests it hits; 1 if absent, Infinity for all from now on. */
  readonly times?: number;
  /** Requests that want a slot, if absent; else whatever it picks, `GET /props` for example. */
  readonly which?: (request: ServedRequest) => boolean;
}

interface Entry {
  readonly fault: Fault;
  readonly which: (request: ServedRequest) => boolean;
  left: number;
}

/** The faults that lie in wait; the oldest that fits a request hits it. */
export class Faults {
  readonly #entries = new Set<Entry>();

  /** Returns a function that removes it. */
  add(fault: Fault, { times = 1, which = wantsSlot }: FaultScope = {}): () => void {
    const entry = { fault, which, left: times };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  take(request: ServedRequest): Fault | undefined {
    for (const entry of this.#entries) {
      if (!entry.which(request)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#entries.delete(entry);
      return entry.fault;
    }
    return undefined;
  }
}

function wantsSlot(request: ServedRequest): boolean {
  return request.isWork;
}
