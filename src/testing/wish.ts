import type { Ask } from "./ask.ts";
import type { Manners } from "./manners/manners.ts";
import type { ResolvedOptions } from "./options.ts";
import type { TurnWish } from "./text/turn-plan.ts";

const DEFAULT_TOKENS = [20, 60] as const;

/** What the model is to say to a request. */
export function wishOf(ask: Ask, options: ResolvedOptions, manners: Manners): TurnWish {
  const { tokens = DEFAULT_TOKENS, reasoningTokens = 0, text, toolCalls = manners.toolCalls } = options.answer;
  return {
    seed: options.seed,
    label: manners.label,
    reasoningTokens,
    contentTokens: tokens,
    text: typeof text === "function" ? text(ask) : text,
    json: ask.json,
    call: calledTool(ask, toolCalls),
  };
}

function calledTool(ask: Ask, toolCalls: "offered" | "required" | "never"): TurnWish["call"] {
  const { toolChoice, tools } = ask;
  if (toolChoice === "none" || toolCalls === "never") return undefined;
  if (typeof toolChoice === "object") return tools.find(({ name }) => name === toolChoice.name);
  if (toolChoice === "required") return tools[0];
  // With its result at hand the model answers.
  const answersTool = "messages" in ask.input && ask.input.messages.at(-1)?.role === "tool";
  return toolCalls === "offered" && !answersTool ? tools[0] : undefined;
}
