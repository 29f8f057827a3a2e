/** How a request is coloured and counted. `other`: later than a person's, sooner than background. */
export type PriorityClass = "foreground" | "other" | "background";

const BACKGROUND = 100;
/** Where the buttons for sooner and later go. */
const STEPS: readonly number[] = [0, 50, 100, 200];
const BEYOND = 100;

export function classOf(priority: number | undefined, foregroundUpTo: number): PriorityClass {
  if (priority === undefined || priority >= BACKGROUND) return "background";
  return priority <= foregroundUpTo ? "foreground" : "other";
}

/** The next step that is sooner; `undefined` for what is as soon as the soonest. */
export function sooner(priority: number): number | undefined {
  return STEPS.findLast((step) => step < priority);
}

export function later(priority: number): number {
  return STEPS.find((step) => step > priority) ?? priority + BEYOND;
}
