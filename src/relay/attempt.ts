import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { isStaleConnection, upstreamFailure, type UpstreamFailure } from "./upstream-failure.ts";

/** One request as it goes to the model server. Headers are a flat list: name, value, name, value. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: string[];
  readonly body: Uint8Array | Readable | null;
}

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** As received: name, value, name, value. */
  readonly rawHeaders: string[];
  /** Of the body as it goes to the client. Without it the body goes in chunks. */
  readonly contentLength?: number | undefined;
}

/** What an attempt tells, in this order: `head`, `data` any number of times, then `end` or `error`. Nothing after an abort. */
export interface AttemptEvents {
  head(head: ResponseHead): void;
  data(chunk: Uint8Array): void;
  end(): void;
  error(failure: UpstreamFailure): void;
}

/**
 * One try of one request at one model server, over undici's `dispatch`: chunks come as the socket gave them, nothing is
 * buffered. A request that met a stale keep-alive connection is sent once more by itself.
 *
 * {@link Attempt.abort} closes the connection, which is how model servers are told to stop generating.
 */
export class Attempt {
  readonly #dispatcher: Dispatcher;
  readonly #request: UpstreamRequest;
  readonly #events: AttemptEvents;
  #controller: Dispatcher.DispatchController | null = null;
  #aborted = false;
  #answered = false;
  #sentAgain = false;

  constructor(dispatcher: Dispatcher, request: UpstreamRequest, events: AttemptEvents) {
    this.#dispatcher = dispatcher;
    this.#request = request;
    this.#events = events;
    this.#send();
  }

  /** Ends the attempt without another event. Harmless when it is over. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(new Error("aborted by the gateway"));
  }

  /** Stops reading from the model server until {@link resume}: back-pressure of a slow client. */
  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  #send(): void {
    const { method, path, headers, body } = this.#request;
    this.#dispatcher.dispatch(
      { method, path, headers, body },
      {
        onRequestStart: (controller) => {
          this.#controller = controller;
          if (this.#aborted) controller.abort(new Error("aborted by the gateway"));
        },
        onResponseStart: (controller, status, _headers, statusText = "") => {
          // Interim answers (1xx) precede the head.
          if (this.#aborted || status < 200) return;
          this.#answered = true;
          this.#events.head({ status, statusText, rawHeaders: textOf(controller.rawHeaders) });
        },
        onResponseData: (_controller, chunk) => {
          if (!this.#aborted) this.#events.data(chunk);
        },
        onResponseEnd: () => {
          if (!this.#aborted) this.#events.end();
        },
        onResponseError: (_controller, error) => this.#failed(error),
      },
    );
  }

  #failed(error: unknown): void {
    if (this.#aborted) return;
    const { body } = this.#request;
    const repeatable = body === null || body instanceof Uint8Array;
    if (!this.#answered && !this.#sentAgain && repeatable && isStaleConnection(error)) {
      this.#sentAgain = true;
      // Not within undici's own handling of the failure: its client would count as busy from then on.
      setImmediate(() => {
        if (!this.#aborted) this.#send();
      });
    } else this.#events.error(upstreamFailure(error, this.#answered));
  }
}

function textOf(rawHeaders: Dispatcher.DispatchController["rawHeaders"]): string[] {
  if (!Array.isArray(rawHeaders)) return [];
  return rawHeaders.map((item) => (typeof item === "string" ? item : item.toString("latin1")));
}
