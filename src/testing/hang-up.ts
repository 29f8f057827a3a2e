import type { Clock } from "../gate/index.ts";

/** How an engine comes to know that a client is gone. */
export type Notice =
  | { readonly by: "at-once" }
  /** Writing to it fails, the nth time: the first write after a FIN still succeeds. */
  | { readonly by: "write"; readonly writes: number }
  /** It looks every so often; if `restarts`, counting anew with every result it has for anybody. */
  | { readonly by: "poll"; readonly everyMs: number; readonly restarts: boolean }
  | { readonly by: "never" };

/** Everybody who wants to know when the engine had a result, for any request. */
export type Results = Set<() => void>;

/** Waits, from a hang-up on, for the moment at which the engine notices; which may change with the phase of the work. */
export class HangUp {
  readonly #clock: Clock;
  readonly #results: Results;
  readonly #noticed: () => void;
  #notice: Notice = { by: "never" };
  #gone = false;
  #writes = 0;
  #stopWaiting: (() => void) | undefined;

  constructor(clock: Clock, results: Results, noticed: () => void) {
    this.#clock = clock;
    this.#results = results;
    this.#noticed = noticed;
  }

  /** The work entered a phase in which hang-ups are noticed like this. */
  enter(notice: Notice): void {
    this.#notice = notice;
    if (this.#gone) this.#wait();
  }

  /** The client is gone. */
  happened(): void {
    this.#gone = true;
    this.#wait();
  }

  /** Something was written for the client, which is where some engines notice. */
  wrote(): void {
    if (!this.#gone || this.#notice.by !== "write") return;
    this.#writes += 1;
    if (this.#writes >= this.#notice.writes) this.#tell();
  }

  /** The work is over. */
  stop(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#gone = false;
  }

  #wait(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    if (this.#notice.by === "at-once") this.#tell();
    if (this.#notice.by === "poll") this.#poll(this.#notice.everyMs, this.#notice.restarts);
  }

  #poll(everyMs: number, restarts: boolean): void {
    const look = (): void => this.#tell();
    let callOff = this.#clock.after(everyMs, look, true);
    const restart = (): void => {
      callOff();
      callOff = this.#clock.after(everyMs, look, true);
    };
    if (restarts) this.#results.add(restart);
    this.#stopWaiting = () => {
      callOff();
      this.#results.delete(restart);
    };
  }

  #tell(): void {
    this.stop();
    this.#noticed();
  }
}
