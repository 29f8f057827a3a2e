import type { Permit } from "../gate/index.ts";

type Fetch = typeof globalThis.fetch;

/** One call of `fetch`. */
export interface FetchCall {
  readonly send: Fetch;
  readonly input: Parameters<Fetch>[0];
  readonly init: RequestInit | undefined;
  /** The caller's signal, wherever it was given. */
  readonly signal: AbortSignal | undefined;
}

/** A request that stepped aside this often runs to its end: under a steady foreground it would otherwise never finish. */
const MAX_RESTARTS = 3;

/** Whether the same arguments can be given to `fetch` twice: not with a body that is consumed by sending it. */
export function isReplayable({ input, init }: FetchCall): boolean {
  const body: unknown = init?.body;
  if (body === undefined || body === null) return !(input instanceof Request && input.body !== null);
  if (typeof body !== "object" || body instanceof FormData || body instanceof URLSearchParams) return true;
  return body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

/**
 * Sends a request until its answer begins. If the gate asks for the permit meanwhile, the request is aborted, waits again in
 * its original place and is sent anew; once the answer has begun it is never touched.
 *
 * @returns the answer; rejects as `send` does, or as `permit.yield()` does, in which case the permit is released.
 */
export async function sendSteppingAside(call: FetchCall, permit: Permit): Promise<Response> {
  for (let restarts = 0; restarts < MAX_RESTARTS; restarts++) {
    const response = await attempt(call, permit.signal);
    if (response !== undefined) return response;
    await permit.yield();
    call.signal?.throwIfAborted();
  }
  const { send, input, init } = call;
  return send(input, init);
}

/** One try; `undefined` when it was aborted to step aside. */
async function attempt({ send, input, init, signal }: FetchCall, asked: AbortSignal): Promise<Response | undefined> {
  if (asked.aborted) return undefined;
  // Not `asked` itself: it must have no say once the answer has begun.
  const hangUp = new AbortController();
  const onAsked = (): void => hangUp.abort(asked.reason);
  asked.addEventListener("abort", onAsked, { once: true });
  try {
    const either = signal === undefined ? hangUp.signal : AbortSignal.any([signal, hangUp.signal]);
    const response = await send(input, { ...init, signal: either });
    if (!hangUp.signal.aborted) return response;
    // The answer crossed with the request to step aside, and its body is cut already.
    await response.body?.cancel().catch(() => {});
    return undefined;
  } catch (error) {
    if (hangUp.signal.aborted) return undefined;
    throw error;
  } finally {
    asked.removeEventListener("abort", onAsked);
  }
}
