/** Readers of members of parsed JSON: what has the wrong type counts as absent, as most servers hold it. */

export type Json = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A string, or the strings of a list. */
export function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return listOf(value).filter((entry) => typeof entry === "string");
}
