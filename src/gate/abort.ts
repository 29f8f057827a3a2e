/**
 * The part of the platform's `AbortSignal` that a gate needs, so that the core's types need neither Node's nor the DOM's.
 * Every real `AbortSignal` fits.
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** The platform's own `AbortSignal` where its types are present, so that `fetch(url, { signal: permit.signal })` compiles. */
export type PlatformAbortSignal = typeof globalThis extends {
  AbortSignal: { prototype: infer Signal };
}
  ? Signal
  : AbortSignalLike;

export interface AbortControllerLike {
  readonly signal: PlatformAbortSignal;
  abort(reason: unknown): void;
}

declare const AbortSignal: {
  new (): AbortSignalLike;
  any(signals: readonly AbortSignalLike[]): AbortSignalLike;
};
type AddAbortListener = (signal: AbortSignalLike, listener: () => void) => Disposable;
interface Node {
  readonly process?: {
    getBuiltinModule?(name: string): { addAbortListener?: AddAbortListener } | undefined;
  };
}
const addAbortListener = (globalThis as Node).process?.getBuiltinModule?.("node:events")?.addAbortListener;

/**
 * Calls `listener` when `signal` aborts, also when another listener calls `stopImmediatePropagation()`, which would leave a
 * plain listener unheard and a waiter hanging (nodejs/node#48301). Returns how to take it off.
 *
 * Node has a function for that. Elsewhere a dependent signal does it, at five times the price (20 us, measured). A signal that
 * is not the platform's own (a polyfill, a test double) can only be listened to directly.
 */
function listen(signal: AbortSignalLike, listener: () => void): Disposable {
  const native = signal instanceof AbortSignal;
  if (native && addAbortListener) return addAbortListener(signal, listener);
  const ear = native ? AbortSignal.any([signal]) : signal;
  ear.addEventListener("abort", listener);
  return { [Symbol.dispose]: () => ear.removeEventListener("abort", listener) };
}

/** Those who wait under one signal, and how to take off the single listener they share. */
interface Group<Member> {
  readonly members: Set<Member>;
  readonly listening: Disposable;
}

/**
 * Watches abort signals on behalf of many members with **one** listener per signal.
 *
 * One listener per member would cost O(n) for each added (an EventTarget looks for duplicates: 0.4 ms at 100 000) and print
 * MaxListenersExceededWarning at the eleventh. The listener is gone as soon as nobody waits under the signal.
 */
export class AbortWatch<Member> {
  readonly #groups = new WeakMap<AbortSignalLike, Group<Member>>();
  readonly #onAbort: (members: Iterable<Member>, reason: unknown) => void;

  /** `onAbort` gets all members of the aborted signal at once, already forgotten here. It must not throw. */
  constructor(onAbort: (members: Iterable<Member>, reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  add(signal: AbortSignalLike, member: Member): void {
    let group = this.#groups.get(signal);
    if (!group) {
      const members = new Set<Member>();
      const listening = listen(signal, () => {
        this.#forget(signal);
        this.#onAbort(members, signal.reason);
      });
      group = { members, listening };
      this.#groups.set(signal, group);
    }
    group.members.add(member);
  }

  remove(signal: AbortSignalLike, member: Member): void {
    const members = this.#groups.get(signal)?.members;
    if (members?.delete(member) && members.size === 0) this.#forget(signal);
  }

  /** A signal may still call once more, when another of its listeners made the last member leave. */
  #forget(signal: AbortSignalLike): void {
    this.#groups.get(signal)?.listening[Symbol.dispose]();
    this.#groups.delete(signal);
  }
}
