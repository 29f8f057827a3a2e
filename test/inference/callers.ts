import type { ServerResponse } from "node:http";

/** Turns of the event loop after which a hang-up that was there before a request has been seen. */
const TURNS = 3;

/** Who wants an answer and has not hung up: the most at a time, for a gate that promises one. */
export class Callers {
  mostAtOnce = 0;
  readonly #live = new Set<AbortSignal>();
  readonly #changed: () => void;

  /** `changed` is called when there were more at once than before. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  forget(): void {
    this.mostAtOnce = this.#live.size;
  }

  /** Counts one until it is answered or hangs up; which aborts the signal. */
  follow(response: ServerResponse): AbortSignal {
    const { socket } = response;
    const controller = new AbortController();
    const { signal } = controller;
    const over = (): void => {
      socket?.off("end", over);
      this.#live.delete(signal);
      controller.abort();
    };
    response.once("close", over);
    // Sooner than `close`, which waits for what is still to be written.
    socket?.once("end", over);
    this.#live.add(signal);
    const there = [...this.#live];
    // A hang-up and the next request travel on different sockets: it counts as here if it was sent before, though it is seen later.
    afterTurns(there.length > 1 ? TURNS : 0, () => {
      const atOnce = there.filter((one) => one === signal || !one.aborted).length;
      if (atOnce <= this.mostAtOnce) return;
      this.mostAtOnce = atOnce;
      this.#changed();
    });
    return signal;
  }
}

function afterTurns(turns: number, callback: () => void): void {
  if (turns === 0) callback();
  else setImmediate(() => afterTurns(turns - 1, callback));
}
