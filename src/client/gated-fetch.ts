import { systemClock, type Clock, type Gate } from "../gate/index.ts";
import { checkWaitOptions } from "../gate/options.ts";
import { checkPriority, type Priority } from "../gate/priority.ts";
import { ambientPriority } from "./ambient-priority.ts";
import { BodyIdleError, gatedBody } from "./gated-body.ts";
import { withBody } from "./gated-response.ts";
import { isReplayable, sendSteppingAside, type FetchCall } from "./step-aside.ts";

export type Fetch = typeof globalThis.fetch;

export interface GatedFetchOptions {
  /** Smaller is sooner. @defaultValue the ambient priority, else the gate's default */
  readonly priority?: Priority | undefined;
  /** Milliseconds to wait for a permit at most; then the call rejects with code `queue_timeout`. @defaultValue no limit */
  readonly timeoutMs?: number | undefined;
  /** For events and logs. @defaultValue method and path: "POST /v1/chat/completions" */
  readonly label?: string | undefined;
  /**
   * Offers to step aside for a sooner call: a request is aborted and sent again later, unseen by the caller, as long as its
   * answer has not begun. An answer that is not streamed begins when it is finished. Takes effect only on a server that
   * stops generating when its client hangs up, and only for a body that can be sent twice (no stream). @defaultValue false
   */
  readonly preemptible?: boolean | undefined;
  /**
   * Milliseconds that a part of the answer may lie ready before its reader asks for it. Then a process warning is emitted
   * (`HEADGATE_BODY_IDLE`), the body cancelled and the permit released; a reader that comes later gets a
   * {@link BodyIdleError}. Time in which the server is slow does not count. Infinity switches it off. @defaultValue 60 000
   */
  readonly bodyIdleMs?: number | undefined;
  /** What sends the request. @defaultValue the `fetch` of the platform */
  readonly fetch?: Fetch | undefined;
  /** Measures `bodyIdleMs`. @defaultValue the platform's monotonic clock */
  readonly clock?: Clock | undefined;
}

export const DEFAULT_BODY_IDLE_MS = 60_000;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * A drop-in `fetch` that sends each request under a permit of `gate`, and holds the permit until the body of the answer was
 * read to its end, cancelled, or failed. A null body (HEAD, 204, 304) releases at once. Of a cloned or teed body, the permit
 * is released when one branch was read to the end (the server is then done) or all were cancelled.
 *
 * While it waits, nothing is sent. The request's own signal ends the wait as it would end the request, and the time a client
 * allows for a request includes the wait: give SDKs a `timeout` that fits the queue.
 *
 * Not for calls made while holding a permit of the same gate: they would wait for themselves.
 *
 * However the call ends, its permit is released exactly once.
 *
 * @throws {TypeError | RangeError} synchronously, naming an option that is unusable.
 * @returns A function that rejects as `fetch` does, or with the gate's own `GateError`, in which case nothing was sent.
 *
 * @example
 * const openai = new OpenAI({ baseURL, fetch: gatedFetch(gate, { priority: Priority.FOREGROUND }) });
 */
export function gatedFetch(gate: Gate, options: GatedFetchOptions = {}): Fetch {
  const { priority, timeoutMs, label, preemptible = false, clock = systemClock } = options;
  if (priority !== undefined) checkPriority(priority, false);
  checkWaitOptions({ timeoutMs });
  const idleMs = checkIdleMs(options.bodyIdleMs ?? DEFAULT_BODY_IDLE_MS);

  return async (input, init) => {
    // Looked up late, so that a fetch which is replaced afterwards (by a mock, by instrumentation) is the one called.
    const send: Fetch = options.fetch ?? globalThis.fetch;
    const call: FetchCall = { send, input, init, signal: signalOf(input, init) };
    const name = label ?? labelOf(input, init);
    const offers = preemptible && isReplayable(call);
    const permit = await gate.acquire({
      priority: priority ?? ambientPriority(),
      signal: call.signal,
      timeoutMs,
      label: name,
      preemptible: offers,
    });
    try {
      call.signal?.throwIfAborted();
      const response = await (offers ? sendSteppingAside(call, permit) : send(input, init));
      if (response.body !== null) {
        const onIdle = (): BodyIdleError => idled(name, idleMs);
        const body = gatedBody(response.body, { idleMs, clock, onIdle, onEnd: () => permit.release() });
        return withBody(response, body);
      }
      permit.release();
      return response;
    } catch (error) {
      permit.release();
      throw error;
    }
  };
}

/** The signal that `fetch` would obey: `init` wins, and a null there removes the request's own. */
function signalOf(input: Parameters<Fetch>[0], init: RequestInit | undefined): AbortSignal | undefined {
  if (init?.signal !== undefined) return init.signal ?? undefined;
  return input instanceof Request ? input.signal : undefined;
}

function labelOf(input: Parameters<Fetch>[0], init: RequestInit | undefined): string {
  const request = input instanceof Request ? input : undefined;
  const url = request?.url ?? String(input);
  const method = init?.method ?? request?.method ?? "GET";
  // No query: it may carry a key, and labels go to logs.
  return `${method} ${URL.canParse(url) ? new URL(url).pathname : url}`;
}

function idled(label: string, idleMs: number): BodyIdleError {
  const error = new BodyIdleError(
    `the body of ${label} lay unread for ${idleMs} ms and was cancelled; read it to the end or cancel it: until then it holds a permit`,
  );
  process.emitWarning(error.message, { type: "HeadgateWarning", code: "HEADGATE_BODY_IDLE" });
  return error;
}

function checkIdleMs(value: unknown): number {
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new TypeError(`bodyIdleMs must be a number above 0; got ${String(value)}`);
  }
  if (value <= 0 || (value > MAX_TIMER_MS && value !== Infinity)) {
    throw new RangeError(`bodyIdleMs must be above 0 and at most ${MAX_TIMER_MS}, or Infinity; got ${value}`);
  }
  return value;
}
