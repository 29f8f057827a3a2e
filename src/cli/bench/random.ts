/** Marsaglia's xorshift32: numbers in [0, 1) that are the same in every run, so that every contender gets the same work. */
export function randomNumbers(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b1 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
