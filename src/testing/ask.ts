import type { Json } from "./fields.ts";
import type { Message } from "./text/chat-template.ts";
import type { OfferedTool } from "./text/turn-plan.ts";

export type Dialect =
  | "openai-chat"
  | "openai-completions"
  | "openai-responses"
  | "anthropic-messages"
  | "ollama-chat"
  | "ollama-generate"
  | "llama-completion";

/** What one request asks of the model, whatever its dialect. */
export interface Ask {
  readonly dialect: Dialect;
  /** As the request names it; "" if it does not. */
  readonly model: string;
  readonly stream: boolean;
  /** A conversation, or texts to continue. */
  readonly input: { readonly messages: readonly Message[] } | { readonly prompts: readonly string[] };
  /** Tokens an answer may have; Infinity without a limit. */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** How many answers. */
  readonly n: number;
  readonly tools: readonly OfferedTool[];
  readonly toolChoice: "auto" | "none" | "required" | { readonly name: string };
  /** JSON Schema, `true` for any JSON object, undefined for free text. */
  readonly json: unknown;
  /** Undefined: as the model likes. */
  readonly thinking: boolean | undefined;
  readonly includeUsage: boolean;
  readonly logprobs: boolean;
  /** The whole request, for what only one engine knows. */
  readonly body: Json;
}

/** Where the model goes on, and what of it the client sees again. */
export interface Prompt {
  readonly text: string;
  /** Shown before the first new token: engines repeat a given beginning in some forms. */
  readonly echo: { readonly reasoning: string; readonly content: string };
}

export const NO_ECHO: Prompt["echo"] = { reasoning: "", content: "" };
