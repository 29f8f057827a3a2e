import type { RequestObserver } from "../gateway/request-log.ts";
import type { RequestRecord } from "../gateway/request-record.ts";

/** So many requests without one of a person mean that nobody has marked any. */
const REQUESTS_UNTIL_HINT = 50;

/** Tells a user once that every request so far was background, and how to mark the others. */
export class ForegroundHint implements RequestObserver {
  readonly #foregroundUpTo: number;
  readonly #say: (text: string) => void;
  #background = 0;
  #done = false;

  constructor(foregroundUpTo: number, say: (text: string) => void) {
    this.#foregroundUpTo = foregroundUpTo;
    this.#say = say;
  }

  closed({ priority }: RequestRecord): void {
    if (this.#done || priority === undefined) return;
    if (priority <= this.#foregroundUpTo) this.#done = true;
    else if (++this.#background === REQUESTS_UNTIL_HINT) {
      this.#done = true;
      this.#say(
        `Hint: all ${REQUESTS_UNTIL_HINT} requests so far came as background, so none goes first. Mark a person's by the base URL ` +
          "(/foreground/v1), the model name (MODEL@foreground) or the header X-Headgate-Priority: foreground.\n",
      );
    }
  }
}
