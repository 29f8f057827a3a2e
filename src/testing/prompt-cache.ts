import { countTokens } from "./text/tokens.ts";

/** What an engine remembers of prompts it has read. */
export interface CacheHabit {
  /**
   * `all`: every recent text, whichever slot it was in (llama-server with `--cache-ram`, vLLM, SGLang). `slot`: the last text of each
   * slot. `none`: nothing.
   */
  readonly keeps: "all" | "slot" | "none";
  /** Also what was read and written for a request that was aborted. */
  readonly keepsAborted: boolean;
}

const REMEMBERED = 16;

/** Finds how much of a prompt need not be read again. */
export class PromptCache {
  readonly #habit: CacheHabit;
  /** Newest last. */
  readonly #texts: { readonly slot: number; readonly text: string }[] = [];

  constructor(habit: CacheHabit) {
    this.#habit = habit;
  }

  /** Tokens at the beginning of `prompt` that are known; never all, the last is always read. */
  known(slot: number, prompt: string, tokens: number): number {
    let longest = 0;
    for (const entry of this.#texts) {
      if (this.#habit.keeps === "all" || entry.slot === slot)
        longest = Math.max(longest, commonLength(entry.text, prompt));
    }
    return longest === 0 ? 0 : Math.max(0, Math.min(countTokens(prompt, longest), tokens - 1));
  }

  /** Remembers prompt and answer of a request that is over. */
  keep(slot: number, text: string, aborted: boolean): void {
    if (this.#habit.keeps === "none" || (aborted && !this.#habit.keepsAborted)) return;
    if (this.#habit.keeps === "slot") {
      const old = this.#texts.findIndex((entry) => entry.slot === slot);
      if (old >= 0) this.#texts.splice(old, 1);
    }
    this.#texts.push({ slot, text });
    if (this.#texts.length > REMEMBERED) this.#texts.shift();
  }

  clear(): void {
    this.#texts.length = 0;
  }
}

function commonLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}
