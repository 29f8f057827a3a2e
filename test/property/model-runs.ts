/**
 * How many programs a property tries. A failure prints its seed and path; to try more, or one again:
 * `PROPERTY_RUNS=20 npm test` tries twenty times as many, `PROPERTY_SEED=123 npm test` begins as the failed run did.
 */
export function tries(count: number): { readonly numRuns: number; readonly seed?: number } {
  const { PROPERTY_RUNS: factor = "1", PROPERTY_SEED: seed } = process.env;
  return { numRuns: count * Number(factor), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
