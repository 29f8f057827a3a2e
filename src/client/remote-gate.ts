import { systemClock } from "../gate/index.ts";
import { AbortWatch } from "../gate/abort.ts";
import { checkWaitOptions } from "../gate/options.ts";
import { checkPriority } from "../gate/priority.ts";
import { ambientPriority } from "./ambient-priority.ts";
import { gatewayAddress } from "./gateway-address.ts";
import { RemoteCall, type RemoteTarget } from "./remote-call.ts";
import type { ConnectGateOptions, RemoteAcquireOptions } from "./remote-options.ts";
import type { RemotePermit } from "./remote-permit.ts";

/**
 * A gate of a Headgate gateway, for work that is no request to a model: this process then waits in the same line as everybody
 * who uses the model server. It has the asynchronous members of a `Gate`; what cannot be true over a network is left out.
 *
 * Nothing is connected before the first call. Every permit has a connection of its own, so a new call is also a new attempt,
 * whatever became of the last.
 *
 * @throws {TypeError} when `url` is no address, or `key` no key.
 *
 * @example
 * const gate = connectGate("http://127.0.0.1:11400");
 * await gate.run((permit) => transcribe(file, permit.signal), { label: file });
 */
export function connectGate(url: string | URL, options: ConnectGateOptions = {}): RemoteGate {
  return new RemoteGate(url, options);
}

/** See {@link connectGate}. */
export class RemoteGate {
  /** The gateway's address, without a slash at the end. */
  readonly url: string;
  readonly #target: RemoteTarget;

  /** @internal Made by {@link connectGate}. */
  constructor(url: string | URL, { key, upstream, clock = systemClock }: ConnectGateOptions) {
    const address = gatewayAddress(url, key);
    const signals = new AbortWatch<RemoteCall>((calls, reason) => {
      for (const call of calls) call.aborted(reason);
    });
    this.url = address.url;
    this.#target = { address, upstream, clock, signals };
  }

  /**
   * Waits for a permit. Once it is granted it is held until it is released or its connection ends.
   *
   * On rejection nothing is held, and nothing waits.
   *
   * @returns a permit. Rejects with the `GateError` that the gate in the gateway gave (`queue_full`, `queue_timeout`, `draining` …;
   *   of a refusal at arrival `waiting` is not told and is 0), with a `GatewayError` when the gateway cannot be reached, is lost or
   *   refuses the call, or with `signal.reason` when aborted.
   * @throws {TypeError | RangeError} synchronously, for an unusable option.
   */
  acquire(options: RemoteAcquireOptions = {}): Promise<RemotePermit> {
    const { signal, priority = ambientPriority() } = options;
    if (priority !== undefined) checkPriority(priority, false);
    checkWaitOptions(options);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new RemoteCall(this.#target, { ...options, priority }).granted;
  }

  /**
   * Calls `task` with a permit and releases it however `task` ends. A task that should stop when the permit is lost watches
   * `permit.signal`.
   *
   * @returns what `task` returns, or rejects with what it throws. Rejects like {@link RemoteGate.acquire} when no permit came; then,
   *   and when the signal was aborted before `task` could start, `task` is not called.
   * @throws {TypeError | RangeError} synchronously, for an unusable argument.
   */
  run<Result>(
    task: (permit: RemotePermit) => Result | PromiseLike<Result>,
    options?: RemoteAcquireOptions,
  ): Promise<Result> {
    if (typeof task !== "function") throw new TypeError(`run takes a function; got ${String(task)}`);
    return perform(this.acquire(options), task, options?.signal);
  }
}

async function perform<Result>(
  granted: Promise<RemotePermit>,
  task: (permit: RemotePermit) => Result | PromiseLike<Result>,
  signal: RemoteAcquireOptions["signal"],
): Promise<Result> {
  using permit = await granted;
  if (signal?.aborted === true) throw signal.reason;
  return await task(permit);
}
