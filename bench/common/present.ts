/** Somebody who may not be able to take part on this machine. */
interface Candidate {
  readonly id: string;
  missing(): string | undefined;
}

/** Who cannot take part, and why. */
export interface Missing {
  readonly id: string;
  readonly why: string;
}

/** Who takes part, and who does not, which is said at once. */
export function whoIsPresent<Which extends Candidate>(
  candidates: readonly Which[],
): { readonly present: readonly Which[]; readonly missing: readonly Missing[] } {
  const present: Which[] = [];
  const missing: Missing[] = [];
  for (const candidate of candidates) {
    const why = candidate.missing();
    if (why === undefined) present.push(candidate);
    else missing.push({ id: candidate.id, why });
  }
  for (const { id, why } of missing) console.error(`NOT MEASURED: ${id}: ${why}`);
  return { present, missing };
}
