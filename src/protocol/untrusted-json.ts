/** A JSON object of which nothing is known yet: a model server may send anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder();

/** The value that `text` is; `undefined` if it is no JSON. */
export function parseJson(text: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : utf8.decode(text));
  } catch {
    return undefined;
  }
}

/** The object that `text` is; `undefined` for everything else. */
export function parseObject(text: Uint8Array): JsonObject | undefined {
  return objectIn(parseJson(text));
}

export function objectIn(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The objects in an array; none for everything else. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectIn).filter((item) => item !== undefined) : [];
}

/** A string that is not empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number of things. */
export function countIn(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value < Infinity ? value : undefined;
}

/** Whether a value holds something: it is not missing, `null`, `false`, `""`, `[]` or `{}`. */
export function isFilled(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== "";
}
