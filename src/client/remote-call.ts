import { GateError, type AbortSignalLike, type Clock, type YieldOptions } from "../gate/index.ts";
import { checkWaitOptions } from "../gate/options.ts";
import type { GatewayAddress } from "./gateway-address.ts";
import { errorFrom } from "./gateway-error.ts";
import { PermitStream, type PermitLine } from "./permit-stream.ts";
import type { RemoteAcquireOptions } from "./remote-options.ts";
import { RemotePermit, type RemoteHold } from "./remote-permit.ts";
import { YieldRequest } from "./yield-request.ts";

/** Calls by the signals that may end their waits. */
export interface SignalWatch {
  add(signal: AbortSignalLike, call: RemoteCall): void;
  remove(signal: AbortSignalLike, call: RemoteCall): void;
}

/** Which gate of which gateway. */
export interface RemoteTarget {
  readonly address: GatewayAddress;
  readonly upstream: string | undefined;
  readonly clock: Clock;
  readonly signals: SignalWatch;
}

/**
 * One call for a permit at a gateway, from its arrival to its release: the counterpart of the gate's own record, behind the
 * caller's {@link RemotePermit}.
 *
 *     waiting ──▶ held ⇄ parked
 *        └─────────┴───────┴──▶ over
 *
 * The gateway decides which state it is in and tells by a line; only the end may also be this side's.
 */
export class RemoteCall implements RemoteHold {
  id = "";
  priority: number = Number.NaN;
  waitedMs = 0;
  readonly granted: Promise<RemotePermit>;
  readonly #target: RemoteTarget;
  readonly #options: RemoteAcquireOptions;
  readonly #stream: PermitStream;
  readonly #grant = Promise.withResolvers<RemotePermit>();
  #controller = new AbortController();
  #waitSignal: AbortSignalLike | undefined;
  #yielding: YieldRequest | null = null;
  #state: "waiting" | "held" | "over" = "waiting";

  /** Precondition: the options are checked, and `signal` is not aborted. */
  constructor(target: RemoteTarget, options: RemoteAcquireOptions) {
    this.#target = target;
    this.#options = options;
    this.granted = this.#grant.promise;
    const { address, upstream, clock } = target;
    const { priority, timeoutMs, preemptible, label } = options;
    const query = upstream === undefined ? "" : `?upstream=${encodeURIComponent(upstream)}`;
    this.#stream = new PermitStream(
      address,
      { path: `/headgate/permits${query}`, body: { priority, timeoutMs: finite(timeoutMs), preemptible, label } },
      { line: (line) => this.#heard(line), lost: (error) => this.#lose(error) },
      clock,
    );
    this.#waitUnder(options.signal);
  }

  get label(): string | undefined {
    return this.#options.label;
  }

  get released(): boolean {
    return this.#state === "over";
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get baseURL(): string {
    return `${this.#target.address.url}/permit/${this.id}`;
  }

  release(): boolean {
    return this.#end(this.#error("permit_released", "it was released"));
  }

  /** The signal that it waits under was aborted. */
  aborted(reason: unknown): void {
    this.#end(reason);
  }

  yield(options: YieldOptions): Promise<boolean> {
    checkWaitOptions(options);
    if (this.released) throw this.#error("permit_released", "it was given back before; acquire a new one");
    if (this.#yielding !== null) return this.#yielding.stoodAside;
    const { signal = this.#options.signal, timeoutMs } = options;
    if (signal?.aborted === true) {
      this.#end(signal.reason);
      return Promise.reject(signal.reason);
    }
    // What the gateway has asked so far is answered by this; what it asks from now on is another matter.
    this.#freshSignal();
    this.#waitUnder(signal);
    this.#yielding = new YieldRequest(this.#target.address, this.id, finite(timeoutMs), {
      answered: () => {
        this.#yielding = null;
        this.#stopWaiting();
      },
      failed: (error) => this.#lose(error),
    });
    return this.#yielding.stoodAside;
  }

  #heard(line: PermitLine): void {
    switch (line.event) {
      case "waiting":
        this.#options.onEnqueue?.(String(line.id), Number(line.position));
        return;
      case "granted":
        return this.#granted(line);
      case "preempt":
        return this.#controller.abort(this.#error("preempted", "a sooner call waits for it; yield or release"));
      case "parked":
        return this.#freshSignal();
      case "released":
        return this.#lose(this.#error("permit_released", "it was released at the gateway"));
      case "error":
        return this.#lose(errorFrom(line, this.#state === "waiting" ? "evicted" : "running"));
      default:
      // A heartbeat, or a word of a later version.
    }
  }

  #granted({ id, priority, waitedMs }: PermitLine): void {
    this.waitedMs = Number(waitedMs);
    if (this.#state !== "waiting") return;
    this.#state = "held";
    this.#stopWaiting();
    this.id = String(id);
    this.priority = Number(priority);
    this.#grant.resolve(new RemotePermit(this));
  }

  /** The permit is gone without this side's doing: whoever works under it has to know. */
  #lose(error: unknown): void {
    const held = this.#state === "held";
    if (this.#end(error) && held) this.#controller.abort(error);
  }

  /** Everything ends here, once, whoever ended it. Returns whether this was it. */
  #end(reason: unknown): boolean {
    if (this.#state === "over") return false;
    this.#state = "over";
    this.#stopWaiting();
    this.#stream.hangUp();
    this.#grant.reject(reason);
    this.#yielding?.fail(reason);
    this.#yielding = null;
    return true;
  }

  #waitUnder(signal: AbortSignalLike | undefined): void {
    this.#waitSignal = signal;
    if (signal !== undefined) this.#target.signals.add(signal, this);
  }

  #stopWaiting(): void {
    if (this.#waitSignal !== undefined) this.#target.signals.remove(this.#waitSignal, this);
    this.#waitSignal = undefined;
  }

  #freshSignal(): void {
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
  }

  #error(code: "preempted" | "permit_released", why: string): GateError {
    const message = `gateway ${this.#target.address.url}: permit ${this.id}: ${why}`;
    const stage = this.#yielding === null ? "running" : "parked";
    return new GateError(code, stage, message, { waitedMs: this.waitedMs, waiting: 0 });
  }
}

/** JSON knows no Infinity; no limit is no member. */
function finite(timeoutMs: number | undefined): number | undefined {
  return timeoutMs === Infinity ? undefined : timeoutMs;
}
