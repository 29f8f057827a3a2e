/** A second run went another way than what the client has been given of the first. */
export class Contradiction extends Error {
  constructor() {
    super("the model gave another answer the second time than the one that was already passed on");
    this.name = "Contradiction";
  }
}

/** Takes away the beginning of a text that comes in pieces: its reader has it already, word for word. */
export class Repetition {
  readonly #known: string;
  #repeated = 0;

  constructor(known: string) {
    this.#known = known;
  }

  /** What of `piece` is new. @throws {Contradiction} when it is not what was said before. */
  take(piece: string): string {
    const length = Math.min(this.#known.length - this.#repeated, piece.length);
    if (!this.#known.startsWith(piece.slice(0, length), this.#repeated)) throw new Contradiction();
    this.#repeated += length;
    return piece.slice(length);
  }

  /** Whether all of it came again. */
  get complete(): boolean {
    return this.#repeated === this.#known.length;
  }
}
