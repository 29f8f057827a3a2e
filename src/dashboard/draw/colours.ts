/** Colours of the style sheet for what is painted rather than styled. */
export interface Colours {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly panel: string;
  readonly bad: string;
  readonly foreground: string;
  readonly other: string;
  readonly background: string;
}

const NAMES = ["text", "faint", "line", "panel", "bad", "foreground", "other", "background"] as const;

let known: Colours | undefined;

export function colours(): Colours {
  if (known !== undefined) return known;
  const style = getComputedStyle(document.documentElement);
  const values = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  known = values as unknown as Colours;
  return known;
}

/** Calls back when the colours change, with the light of the room. Returns what ends it. */
export function onNewColours(callback: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const changed = (): void => {
    known = undefined;
    callback();
  };
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}
