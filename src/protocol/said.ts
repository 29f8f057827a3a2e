import type { DialectName } from "./route.ts";

/** Dialects whose answers can be joined of several runs, and are counted for it. */
export const CONTINUABLE: ReadonlySet<DialectName> = new Set(["openai-chat", "openai-completions"]);

/** What a model has said of one answer so far, and how much of it the engine has counted. */
export interface Said {
  readonly content: string;
  readonly reasoning: string;
  /** Generated tokens by the engine's own count; `undefined` where it does not count as it goes. */
  readonly tokens: number | undefined;
  /** Whether it has begun to call a tool, which is never cut. */
  readonly calledTool: boolean;
}

export const NOTHING_SAID: Said = { content: "", reasoning: "", tokens: undefined, calledTool: false };

/** Whether there is anything to go on with. */
export function hasSaid({ content, reasoning }: Said): boolean {
  return content !== "" || reasoning !== "";
}
