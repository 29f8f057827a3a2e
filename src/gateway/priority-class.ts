import type { QueueConfig } from "./config/types.ts";

/** How a request is counted: a person's, work that can wait, or one that never came to have a priority. */
export type PriorityClass = "foreground" | "background" | "none";

export function classOf({ foregroundUpTo }: QueueConfig, priority: number | undefined): PriorityClass {
  if (priority === undefined) return "none";
  return priority <= foregroundUpTo ? "foreground" : "background";
}
