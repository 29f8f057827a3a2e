import { countIn, objectIn, type JsonObject } from "../protocol/untrusted-json.ts";
import type { TokenSums } from "../store/batch-record.ts";

export const NO_TOKENS: TokenSums = { input: 0, cached: 0, output: 0, reasoning: 0 };

/** The tokens that an answer says it took, in the words of either of OpenAI's APIs. */
export function tokenUsage(answer: JsonObject): TokenSums {
  const usage = objectIn(answer["usage"]) ?? {};
  const detail = (names: readonly string[], name: string): number => {
    const details = names.map((of) => objectIn(usage[of])).find((found) => found !== undefined);
    return whole(details?.[name]);
  };
  return {
    input: whole(usage["prompt_tokens"] ?? usage["input_tokens"]),
    cached: detail(["prompt_tokens_details", "input_tokens_details"], "cached_tokens"),
    output: whole(usage["completion_tokens"] ?? usage["output_tokens"]),
    reasoning: detail(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens"),
  };
}

function whole(value: unknown): number {
  return Math.round(countIn(value) ?? 0);
}
