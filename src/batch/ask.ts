/** One line of a batch as a request to a model server. */
export interface LineRequest {
  readonly id: string;
  readonly tenant: string;
  readonly path: string;
  readonly priority: number;
  /** The line's `body`, byte for byte. */
  readonly body: Uint8Array;
}

/** How asking ended. */
export type LineAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly body: Uint8Array;
      /** What was asked for by `Retry-After`. */
      readonly retryAfterMs: number | undefined;
    }
  /** The answer began and broke off. */
  | { readonly kind: "cut" }
  | { readonly kind: "calledOff" };

/** A request on its way. */
export interface Asking {
  /** Never rejects. */
  readonly answer: Promise<LineAnswer>;
  /** Whether a model server works on it; before that it waits for its turn. */
  readonly running: boolean;
  /** Ends it; `answer` then says so, unless it was answered a moment before. */
  callOff(): void;
}

/** Sends a line the way of every other request: through the gate, in the background. */
export type AskLine = (request: LineRequest) => Asking;
