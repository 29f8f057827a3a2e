import { STATUS_CODES } from "node:http";
import { errorBody, errorFrame, type WireError } from "../protocol/error-envelope.ts";
import { responseHeaders } from "../protocol/headers.ts";
import type { Route } from "../protocol/route.ts";
import { headerOf, streams } from "../relay/answer-form.ts";
import type { ResponseHead } from "../relay/attempt.ts";
import type { ClientPort } from "../relay/relay-job.ts";
import { afterwards } from "./afterwards.ts";
import { ClientPresence } from "./client-gone.ts";
import type { ClientRequest } from "./visit.ts";

/** What a heartbeat pretends the answer will be, before the model server has said a word. */
const STREAM_HEAD = [
  "Content-Type",
  "text/event-stream; charset=utf-8",
  "Cache-Control",
  "no-cache",
  "X-Accel-Buffering",
  "no",
];

const ALLOW_ORIGIN = "access-control-allow-origin";

/** A server that is loading or busy is asked again soon; clients that are not told so give up, or ask again at once. */
const RETRY_503 = ["Retry-After", "5", "x-should-retry", "true"];

/** Where an answer goes: Node's own response, or one that stays inside. Events as Node's has them. */
export interface AnswerSink {
  readonly writableFinished: boolean;
  readonly socket: { cork(): void; uncork(): void } | null;
  writeHead(status: number, statusText: string, headers: string[]): unknown;
  flushHeaders(): void;
  write(chunk: Uint8Array): boolean;
  end(chunk?: string): unknown;
  destroy(): unknown;
  on(event: "close" | "error", listener: () => void): unknown;
  once(event: "drain", listener: () => void): unknown;
}

/**
 * The client's side of one request: writes the answer as it comes and knows when the client has left.
 *
 * Every request ends here exactly once: with `end`, with `fail`, or because the client left.
 */
export class ClientResponse implements ClientPort {
  readonly presence: ClientPresence = new ClientPresence();
  /** Sent with the head, whoever answers: name, value, name, value. */
  ownHeaders: string[] = [];
  begun = false;
  /** The status on the wire; 0 before the head. */
  status = 0;
  bytesSent = 0;
  #streaming = false;
  #gathering = false;
  readonly #response: AnswerSink;

  constructor(request: ClientRequest, response: AnswerSink) {
    this.#response = response;
    response.on("close", () => {
      if (!response.writableFinished) this.presence.left();
    });
    // Node reports a client that resets in mid-request here; `close` follows and says all there is to say.
    response.on("error", () => {});
    request.on("error", () => {});
  }

  head(head: ResponseHead): void {
    if (this.begun) return;
    const { status, statusText, rawHeaders, contentLength } = head;
    this.begun = true;
    this.status = status;
    this.#streaming = streams(head) === true;
    const framing = contentLength === undefined ? [] : ["Content-Length", String(contentLength)];
    // A browser takes no answer that allows two origins; ours is the one that was judged.
    const judged = headerOf(this.ownHeaders, ALLOW_ORIGIN) !== undefined;
    const passed = responseHeaders(rawHeaders, (name) => judged && name === ALLOW_ORIGIN);
    this.#response.writeHead(status, sendable(statusText), [
      ...passed,
      ...framing,
      ...(status === 503 && headerOf(passed, "retry-after") === undefined ? RETRY_503 : []),
      ...this.ownHeaders,
    ]);
    // A stream's head must not wait for its first token; anything else goes out in one packet with its body.
    if (this.#streaming) process.nextTick(() => this.#response.flushHeaders());
  }

  /** Begins the answer with a heartbeat frame, or sends another. From then on errors are told in-band. */
  heartbeat(frame: Uint8Array): void {
    if (!this.begun) this.head({ status: 200, statusText: "OK", rawHeaders: STREAM_HEAD });
    this.write(frame);
  }

  write(chunk: Uint8Array): boolean {
    this.bytesSent += chunk.length;
    // Nobody reads half of it; whoever waits for the model server goes first.
    if (!this.#streaming) this.#gather();
    return this.#response.write(chunk);
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    // Not the response itself: Node would end a chunked one before what it had gathered.
    this.#response.socket?.cork();
    afterwards(() => this.#send());
  }

  #send(): void {
    if (!this.#gathering) return;
    this.#gathering = false;
    this.#response.socket?.uncork();
  }

  onDrain(resume: () => void): void {
    this.#response.once("drain", resume);
  }

  end(): void {
    // Everything in one packet.
    this.#gathering = false;
    afterwards(() => this.#response.end());
  }

  /**
   * Ends the request with an error in the client's dialect. After the head of a stream it is told in-band, without the mark
   * of a complete answer; after the head of anything else the connection is cut, so that half an answer cannot pass for one.
   */
  fail(error: WireError, route: Pick<Route, "dialect" | "family">): void {
    if (this.presence.aborted) return;
    if (!this.begun) this.#refuse(error, errorBody(route.family, error));
    else if (this.#streaming) {
      this.write(errorFrame(route.dialect, error));
      this.#response.end();
    } else {
      this.#send();
      this.#response.destroy();
    }
  }

  #refuse(error: WireError, body: string): void {
    const { status, retryAfterSeconds } = error;
    const headers = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
    if (retryAfterSeconds !== undefined)
      headers.push("Retry-After", String(retryAfterSeconds), "x-should-retry", "true");
    this.begun = true;
    this.status = status;
    this.bytesSent = body.length;
    this.#response.writeHead(status, STATUS_CODES[status] ?? "", [
      ...headers,
      "X-Headgate-Reason",
      error.code,
      ...this.ownHeaders,
    ]);
    this.#response.end(body);
  }
}

/** A reason phrase is decoration. One that Node would not send must not cost its client the answer. */
function sendable(reason: string): string {
  return /^[\t\x20-\x7E\x80-\xFF]*$/.test(reason) ? reason : "";
}
