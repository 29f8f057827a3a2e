import type { Dispatcher } from "undici";
import type { Clock } from "../gate/index.ts";
import type { Aggregator } from "../protocol/aggregate.ts";
import type { AnswerWatch } from "../protocol/answer-watch.ts";
import type { Hider } from "../protocol/hide.ts";
import type { Stitcher } from "../protocol/stitch.ts";
import type { ResponseHead } from "./attempt.ts";
import type { UpstreamFailure } from "./upstream-failure.ts";

/** The client's side of one request. The relay never touches a socket of it. */
export interface ClientPort {
  /** Whether a head was sent already (a heartbeat did it): an error can then only be told in-band. */
  readonly begun: boolean;
  head(head: ResponseHead): void;
  /** `false` asks for a pause until `onDrain` calls back. */
  write(chunk: Uint8Array): boolean;
  onDrain(resume: () => void): void;
  end(): void;
}

export interface RelayJob {
  readonly dispatcher: Dispatcher;
  readonly client: ClientPort;
  /** Whether the answer should come as a stream. Its content type has the last word. */
  readonly streaming: boolean;
  /** Makes what follows the answer, of a stream or of a whole one; none for what is passed through unseen. */
  readonly watch: ((streaming: boolean) => AnswerWatch) | undefined;
  /** Joins the runs of an answer that may be parked; without one it may only be parked while the client has nothing of it. */
  readonly stitcher: Stitcher | undefined;
  /** Removes what Headgate asked the engine for itself. */
  readonly hider: Hider | undefined;
  /** Makes what collects a forced stream into the one answer that the client asked for. */
  readonly aggregator: (() => Aggregator | undefined) | undefined;
  /** Whether closing the connection is safe for this engine; else a hung-up client's answer is read to its end. */
  readonly mayAbort: boolean;
  /** Whether an error answer says that the server will take the request a little later. */
  readonly isBusy: (status: number, body: Uint8Array) => boolean;
  /** Whether to wait for that from the first run on. */
  readonly patient: boolean;
  readonly clock: Clock;
  /** A hung-up client's answer came no further for a long time: its connection was closed all the same. */
  readonly onGivenUp: () => void;
  /** A run was aborted: it was parked, its client left, or it contradicted an earlier one. */
  readonly onAbort: (() => void) | undefined;
  /** The model server has begun to answer a run. */
  readonly onHead: (() => void) | undefined;
  /** The first content token came. */
  readonly onFirstToken: (() => void) | undefined;
}

/**
 * How a run ended at the model server.
 *
 * `finished`: it gave an answer of its own, which the client has, whatever its status. `refused`: it gave an error status after
 * the client had been sent a head, or to a run that goes on with an earlier one. `failed`: no answer, a broken one, or an error
 * inside a 200. `contradicted`: it had to say the same again and did not. `busy`: it refused, and will take the request a little
 * later. `parked`: it was stopped, and another run may follow. `gone`: the client left.
 */
export type RelayResult =
  | { readonly kind: "finished"; readonly status: number }
  | { readonly kind: "refused"; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: "failed"; readonly failure: UpstreamFailure }
  | { readonly kind: "contradicted" }
  | { readonly kind: "busy" }
  | { readonly kind: "parked" }
  | { readonly kind: "gone" };

/**
 * Where an answer stands.
 *
 *     queued ──▶ sending ──▶ prefilling ──▶ decoding ──▶ finished | failed
 *       ▲           ▲            │             │
 *       │           └────────────┴──park()─────┴──▶ parked ──run()──▶ sending …
 *       └─ before the first run              anywhere: the client leaves ──▶ gone
 */
export type RelayState = "queued" | "sending" | "prefilling" | "decoding" | "parked" | "finished" | "failed" | "gone";
