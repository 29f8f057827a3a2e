/** How a contender is used: the caller gives the permit back itself, or hands over a job. Only like is compared with like. */
export type Style = "acquire" | "run";

/**
 * A gate of capacity 1 whose caller gives the permit back itself.
 *
 * The token is whatever the library's own `acquire` resolves with, so that the adapter adds neither a promise nor a closure.
 */
export interface AcquireApi<Token = unknown> {
  /** Smaller is sooner, for every contender: the adapter turns the number round where the library counts the other way. */
  acquire(priority: number, signal?: AbortSignal): Promise<Token>;
  release(token: Token): void;
}

export type Job = () => Promise<void>;

/** A gate of capacity 1 that runs a job and gives the permit back when it ends. */
export interface RunApi {
  run(job: Job, priority: number, signal?: AbortSignal): Promise<unknown>;
}

/**
 * Ours; a published peer; a bare promise FIFO, which is the least that any gate can do; or the abort signals alone, which is the
 * least that any cancellation costs.
 */
export type Role = "ours" | "peer" | "bare" | "signals";

/** What a contender claims, and is held to before it is timed (see correctness.ts). */
export interface Claims {
  /** Whether the priority decides who goes next. Without it the order of arrival does. */
  readonly priorities: boolean;
  /** Whether an AbortSignal takes **one** waiter out of the line. A library that can only cancel all of them does not count. */
  readonly cancel: boolean;
}

interface Described extends Claims {
  readonly id: string;
  readonly role: Role;
  /** The npm package, whose version is reported; `null` for our own code. */
  readonly packageName: string | null;
}

/** `open` loads the library and resolves with a maker of fresh gates, so that a process loads no library but the measured one. */
export type Contender =
  | (Described & { readonly style: "acquire"; open(): Promise<() => AcquireApi> })
  | (Described & { readonly style: "run"; open(): Promise<() => RunApi> });
