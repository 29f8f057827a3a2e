import { partsOf } from "./chat-template.ts";
import { hashText, mix } from "./hash.ts";
import { RawText } from "./raw-text.ts";
import type { TokenSource } from "./token-source.ts";
import { Turn } from "./turn.ts";
import { planTurn, type TurnWish } from "./turn-plan.ts";

/**
 * The simulated model: continues a text, always the same way, as a real one does at temperature 0. Cut an answer anywhere, put what
 * was said behind the prompt, in a continued turn or as raw text, and it says the rest. Changed by one character it goes elsewhere.
 *
 * `variant` tells the choices of one request apart.
 */
export function openModel(text: string, wish: TurnWish, variant: number): TokenSource {
  const parts = partsOf(text);
  if (parts === undefined) return rawModel(text, wish, variant);
  const promptHash = hashText(parts.prompt, wish.seed);
  const hash = mix(promptHash, variant);
  const own = parts.thinking ? wish : { ...wish, reasoningTokens: 0 };
  const turn = new Turn(planTurn(own, hash), hash);
  if (parts.said === "" || turn.skip(parts.said)) return turn;
  const elsewhere = mix(hashText(parts.said, promptHash), variant);
  return new Turn(planTurn({ ...own, reasoningTokens: 0, label: "", text: undefined }, elsewhere), elsewhere);
}

function rawModel(text: string, wish: TurnWish, variant: number): TokenSource {
  const { label, text: fixed, json, contentTokens } = wish;
  if (label !== "" || fixed !== undefined || json !== undefined) {
    const hash = mix(hashText(text, wish.seed), variant);
    return new Turn(planTurn({ ...wish, reasoningTokens: 0, call: undefined }, hash), hash);
  }
  const mean = typeof contentTokens === "number" ? contentTokens : (contentTokens[0] + contentTokens[1]) / 2;
  return new RawText(text, { meanTokens: mean, seed: mix(wish.seed, variant) });
}
