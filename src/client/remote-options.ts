import type { AcquireOptions, Clock } from "../gate/index.ts";

export interface ConnectGateOptions {
  /** A key of the gateway, sent as bearer token. @defaultValue none */
  readonly key?: string | undefined;
  /** Which gate: the name of a model server or of a gate. @defaultValue the only one, else the one of the gateway's machine */
  readonly upstream?: string | undefined;
  /** Measures how long a gateway has been silent. @defaultValue the platform's monotonic clock */
  readonly clock?: Clock | undefined;
}

/** One call for a permit: what a gate in this process takes, but that the gateway judges. */
export interface RemoteAcquireOptions extends Pick<AcquireOptions, "signal" | "label"> {
  /** Smaller is sooner; a key's ceiling may make it larger. @defaultValue the ambient priority, else what the gateway decides */
  readonly priority?: number | undefined;
  /** Milliseconds to wait at most; then the call rejects with code `queue_timeout`. The gateway may allow less. */
  readonly timeoutMs?: number | undefined;
  /** Offers to step aside for a sooner call when `permit.signal` asks. @defaultValue false */
  readonly preemptible?: boolean | undefined;
  /** Called when the call has to wait, with its id and its position: 1 is next. */
  readonly onEnqueue?: ((id: string, position: number) => void) | undefined;
}
