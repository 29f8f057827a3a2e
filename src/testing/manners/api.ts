import type { Answer } from "../answer.ts";
import { NO_ECHO, type Ask, type Prompt } from "../ask.ts";
import { Refusal, type Call, type GenerateTask, type ServerView, type Wire } from "../call.ts";
import type { ServedRequest } from "../served.ts";
import { renderChat, type Message } from "../text/chat-template.ts";
import { countTokens } from "../text/tokens.ts";
import { messagesWire, type MessagesFlavour } from "../wire/anthropic-messages.ts";
import { ollamaWire } from "../wire/ollama.ts";
import { chatWire, type ChatFlavour } from "../wire/openai-chat.ts";
import { completionWire, type CompletionFlavour } from "../wire/openai-completions.ts";
import { responsesWire, type ResponsesFlavour } from "../wire/openai-responses.ts";

/** What an engine makes of a conversation that ends in an answer of the model's. */
export interface Continuation {
  /** The model goes on with that answer; otherwise it begins another one. */
  readonly continues: boolean;
  /** The client is shown the beginning again. */
  readonly echoes: boolean;
  /** An empty thought is put before it. */
  readonly thinkingTags?: boolean;
  /** Space around it is lost. */
  readonly trims?: boolean;
  /** Its reasoning is lost. */
  readonly dropsReasoning?: boolean;
  /** No turn is opened for the model. */
  readonly opensNoTurn?: boolean;
}

export const NEW_TURN: Continuation = { continues: false, echoes: false };

/** OpenAI's own bound. */
const MOST_CHOICES = 128;

/** How an engine answers the dialects it speaks. */
export interface Api {
  readonly chat: ChatFlavour;
  readonly completions: CompletionFlavour;
  readonly messages: MessagesFlavour;
  readonly responses: ResponsesFlavour;
  /** Of a raw completion that names no limit; without it, there is none. */
  readonly completionTokens?: number;
  /** llama-server's own; no other engine has it. */
  llama?(ask: Ask, answer: Answer, prompt: string): Wire;
  /** Called for conversations that end in an answer. @throws {Refusal} */
  continuation(ask: Ask, last: Message, server: ServerView): Continuation;
  /** Looks at what else may be wrong. @throws {Refusal} */
  check(ask: Ask, call: Call): void;
  /** Its refusal of a model that it does not have. */
  unknownModel(model: string, ask: Ask): Refusal;
  /** Its refusal of a prompt that does not fit. */
  tooLong(tokens: number, contextTokens: number): Refusal;
  /** The name that answers bear. */
  modelName(ask: Ask, server: ServerView): string;
  order(ask: Ask, server: ServerView): number;
  /** What its cancel route knows the request by. */
  requestName(ask: Ask, served: ServedRequest): string | undefined;
  /** What the model must be bound to for it. */
  modelKey(ask: Ask, server: ServerView): string | undefined;
  /** Changes what the others made. */
  rewire(wire: Wire, ask: Ask, answer: Answer): Wire;
}

/**
 * The work that a request asks for.
 *
 * @throws {Refusal}
 */
export function generate(api: Api, call: Call, asked: Ask): GenerateTask {
  const { server } = call;
  const ask = bounded(asked, api);
  if (ask.model !== "" && server.options.unknownModels === "refuse" && !server.models.includes(ask.model)) {
    throw api.unknownModel(ask.model, ask);
  }
  const { input, n } = ask;
  if ("messages" in input ? input.messages.length === 0 : input.prompts.length === 0) {
    throw new Refusal(400, `'${"messages" in input ? "messages" : "prompt"}' is required`);
  }
  if (!Number.isInteger(n) || n > MOST_CHOICES) throw new Refusal(400, `n must be 1 to ${MOST_CHOICES}, not ${n}`);
  api.check(ask, call);
  const prompts = promptsOf(api, ask, server);
  for (const { text } of prompts) {
    const tokens = countTokens(text);
    if (tokens >= server.options.contextTokens) throw api.tooLong(tokens, server.options.contextTokens);
  }
  return {
    kind: "generate",
    ask,
    prompts,
    model: api.modelName(ask, server),
    wire: (answer) => api.rewire(wireOf(api, ask, answer, prompts[0]!.text), ask, answer),
    order: api.order(ask, server),
    name: api.requestName(ask, call.served),
    modelKey: api.modelKey(ask, server),
  };
}

function bounded(ask: Ask, { completionTokens = Infinity }: Api): Ask {
  if (ask.dialect !== "openai-completions" || ask.maxTokens !== Infinity) return ask;
  return { ...ask, maxTokens: completionTokens };
}

function wireOf(api: Api, ask: Ask, answer: Answer, prompt: string): Wire {
  switch (ask.dialect) {
    case "openai-chat":
      return chatWire(ask, answer, api.chat);
    case "openai-completions":
      return completionWire(ask, answer, api.completions);
    case "openai-responses":
      return responsesWire(answer, api.responses);
    case "anthropic-messages":
      return messagesWire(answer, api.messages);
    case "ollama-chat":
    case "ollama-generate":
      return ollamaWire(ask, answer);
    case "llama-completion":
      return api.llama!(ask, answer, prompt);
  }
}

/** Whether the model thinks, as far as the request has a say in it. */
function thinks(ask: Ask, server: ServerView): boolean {
  return (server.options.answer.reasoningTokens ?? 0) > 0 && ask.thinking !== false;
}

/** The texts that the model is to continue. */
export function promptsOf(api: Api, ask: Ask, server: ServerView): Prompt[] {
  if ("prompts" in ask.input) {
    return ask.input.prompts.map((text) => ({ text, echo: NO_ECHO }));
  }
  const { messages } = ask.input;
  const last = messages.at(-1);
  const how = last?.role === "assistant" ? api.continuation(ask, last, server) : NEW_TURN;
  const tools = ask.toolChoice === "none" ? [] : ask.tools;
  const text = renderChat(lossy(messages, how), {
    tools,
    thinking: thinks(ask, server),
    generationPrompt: how.opensNoTurn !== true,
    continueLast: how.continues,
    thinkingTags: how.thinkingTags ?? false,
  });
  const echo = how.echoes ? { reasoning: last?.reasoning ?? "", content: last?.content ?? "" } : NO_ECHO;
  return [{ text, echo }];
}

function lossy(
  messages: readonly Message[],
  { trims = false, dropsReasoning = false }: Continuation,
): readonly Message[] {
  if (!trims && !dropsReasoning) return messages;
  return messages.map(({ reasoning, ...message }) => ({
    ...message,
    content: trims ? message.content.trim() : message.content,
    ...(reasoning === undefined || dropsReasoning ? {} : { reasoning }),
  }));
}
