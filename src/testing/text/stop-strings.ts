/** What may be shown of a text so far, and whether a stop string ended it. */
export interface Shown {
  readonly text: string;
  /** The stop string that was met, or undefined. */
  readonly stopped: string | undefined;
}

/** Looks for stop strings in a text that arrives in pieces. Text that might become one is held back until it does or does not. */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  push(piece: string): Shown {
    if (this.#stops.length === 0) return { text: piece, stopped: undefined };
    const text = this.#held + piece;
    const met = this.#first(text);
    if (met !== undefined) {
      this.#held = "";
      return { text: text.slice(0, met.at), stopped: met.stop };
    }
    const keep = this.#longestBeginning(text);
    this.#held = text.slice(text.length - keep);
    return { text: text.slice(0, text.length - keep), stopped: undefined };
  }

  /** What was held back, at an end for another reason. */
  flush(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }

  #first(text: string): { at: number; stop: string } | undefined {
    let first: { at: number; stop: string } | undefined;
    for (const stop of this.#stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && (first === undefined || at < first.at)) first = { at, stop };
    }
    return first;
  }

  /** Length of the longest end of `text` that begins a stop string. */
  #longestBeginning(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
