/** A number of slots that a server tells; `undefined` for everything that is none. */
export function slotCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}
