/**
 * Requests at a model server that did not come through this gateway. Nothing that the gateway promises holds for them, and those
 * that it lets through run beside them.
 *
 * The server's figure and ours are never of the same moment. What only seems to be somebody else's - a request that has just
 * ended, or whose end the server has not noticed yet - is gone at the next look, so only what is seen twice in a row counts.
 */
export class ForeignLoad {
  /** How many there are, for certain; `undefined` while that is not known. */
  requests: number | undefined;
  #seenBefore = 0;

  /** One look: what the server tells, and the most that can be ours of it. `undefined` for what is not known. */
  look(told: number | undefined, own: number | undefined): void {
    if (told === undefined || own === undefined) {
      this.requests = undefined;
      this.#seenBefore = 0;
      return;
    }
    const excess = Math.max(0, told - own);
    this.requests = Math.min(excess, this.#seenBefore);
    this.#seenBefore = excess;
  }
}
