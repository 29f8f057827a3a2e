import type { Answer } from "../answer.ts";
import type { Json } from "../fields.ts";

export function plainUsage(answer: Answer): Json {
  const { promptTokens, completionTokens } = answer;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

export function detailedUsage(answer: Answer): Json {
  return { ...plainUsage(answer), prompt_tokens_details: { cached_tokens: answer.cachedTokens } };
}

/** OpenAI's form of one token's probability: as at temperature 0, near certain. */
export function logprobOf(token: string): Json {
  return { token, logprob: -0.01, bytes: [...Buffer.from(token)], top_logprobs: [] };
}
