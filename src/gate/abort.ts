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

interface Platform {
  readonly AbortController: new () => AbortControllerLike;
  readonly AbortSignal: {
    new (): AbortSignalLike;
    any(signals: readonly AbortSignalLike[]): AbortSignalLike;
  };
}
const platform = globalThis as unknown as Platform;

export function createAbortController(): AbortControllerLike {
  return new platform.AbortController();
}

/** Those who wait under one signal, and the single listener they share. */
interface Group<Member> {
  readonly members: Set<Member>;
  readonly ear: AbortSignalLike;
  readonly listener: () => void;
}

/**
 * Watches abort signals on behalf of many members with **one** listener per signal.
 *
 * One listener per member would cost O(n) for each added (an EventTarget looks for duplicates: 0.4 ms at 100 000) and print
 * MaxListenersExceededWarning at the eleventh. The listener is gone as soon as nobody waits under the signal.
 *
 * It listens on a dependent signal (`AbortSignal.any`), not on the caller's: a dependent signal aborts even when another
 * listener calls `stopImmediatePropagation()`, which would otherwise leave the waiter hanging (nodejs/node#48301).
 */
export class AbortWatch<Member> {
  readonly #groups = new WeakMap<AbortSignalLike, Group<Member>>();
  readonly #onAbort: (members: readonly Member[], reason: unknown) => void;

  /** `onAbort` gets all members of the aborted signal at once, already forgotten here. It must not throw. */
  constructor(onAbort: (members: readonly Member[], reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  add(signal: AbortSignalLike, member: Member): void {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      group = this.#open(signal);
      this.#groups.set(signal, group);
    }
    if (group.members.size === 0) group.ear.addEventListener("abort", group.listener);
    group.members.add(member);
  }

  remove(signal: AbortSignalLike, member: Member): void {
    const group = this.#groups.get(signal);
    if (group === undefined || !group.members.delete(member)) return;
    if (group.members.size === 0) group.ear.removeEventListener("abort", group.listener);
  }

  #open(signal: AbortSignalLike): Group<Member> {
    const members = new Set<Member>();
    // A signal that is not the platform's own (a polyfill, a test double) can only be listened to directly.
    const ear = signal instanceof platform.AbortSignal ? platform.AbortSignal.any([signal]) : signal;
    const listener = (): void => {
      ear.removeEventListener("abort", listener);
      const ended = [...members];
      members.clear();
      this.#onAbort(ended, ear.reason);
    };
    return { members, ear, listener };
  }
}
