import { ask } from "./ask.ts";
import { question, type Question } from "./chat.ts";
import type { Place } from "./place.ts";

/** A whole answer, and what it answers. */
export interface Told {
  readonly asked: Question;
  readonly text: string;
}

/** Clients of the background: each asks its next question when it has its answer. */
export class Background {
  /** Delivered so far. */
  tokens = 0;
  readonly told: Told[] = [];
  /** Resolves when each client has the answers it was to get; rejects when one did not get a whole answer. */
  readonly done: Promise<unknown>;
  readonly #end = new AbortController();
  #asked = 0;

  /** @param answers - for each client. */
  constructor(place: Place, clients: number, answers: number = Infinity) {
    this.done = Promise.all(Array.from({ length: clients }, () => this.#client(place, answers)));
    // Whoever stops it waits for it, and hears of a failure then.
    this.done.catch(() => {});
  }

  /** Hangs up. Rejects if anything went wrong before. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.done;
  }

  async #client({ running, server, streamed }: Place, answers: number): Promise<void> {
    const { signal } = this.#end;
    const onTokens = (tokens: number): void => {
      this.tokens += tokens;
    };
    for (let n = 0; n < answers && !signal.aborted; n++) {
      const asked = question("background", this.#asked++, server.topic, streamed);
      try {
        const { text } = await ask(running.port, asked, { onTokens, signal });
        this.told.push({ asked, text });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }
}
