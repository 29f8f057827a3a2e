/** Where the key of this visit is: gone with the tab, and never sent unasked, as a cookie would be. */
const PLACE = "headgate-key";

export function readKey(): string | undefined {
  return sessionStorage.getItem(PLACE) ?? undefined;
}

export function keepKey(key: string): void {
  sessionStorage.setItem(PLACE, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(PLACE);
}
