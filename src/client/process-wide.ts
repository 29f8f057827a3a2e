/**
 * Values of which a process has exactly one, also when this package is loaded twice (two versions in one dependency tree, a
 * bundled copy beside an installed one). They live on `globalThis` under registered symbols, which all copies share.
 */
type Slots = Record<symbol, unknown>;

/** The process's value of that name, made by `create` at the first call of any copy. */
export function processWide<T>(name: string, create: () => T): T {
  const slots = globalThis as unknown as Slots;
  const slot = Symbol.for(name);
  // Hidden from enumeration, so that tools which list globals (or look for leaked ones) do not trip over it.
  if (!(slot in slots)) Object.defineProperty(slots, slot, { value: create(), configurable: true });
  return slots[slot] as T;
}

/** Takes the value out, so that the next {@link processWide} makes a new one. Returns it, if there was one. */
export function takeProcessWide(name: string): unknown {
  const slots = globalThis as unknown as Slots;
  const slot = Symbol.for(name);
  const value = slots[slot];
  delete slots[slot];
  return value;
}
