import type { Ask } from "../ask.ts";
import { recordOf, textOf, textsOf, type Json } from "../fields.ts";
import type { Message } from "../text/chat-template.ts";
import { readContent, readMessages, readTools } from "./messages.ts";
import { limit, readToolChoice } from "./openai.ts";

/** `POST /v1/messages` */
export function readAnthropic(body: Json): Ask {
  return {
    dialect: "anthropic-messages",
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    input: { messages: anthropicMessages(body) },
    maxTokens: limit(body["max_tokens"]),
    stop: textsOf(body["stop_sequences"]),
    n: 1,
    tools: readTools(body["tools"]),
    toolChoice: readToolChoice(body["tool_choice"]),
    json: undefined,
    thinking: readThinking(recordOf(body["thinking"])),
    includeUsage: true,
    logprobs: false,
    body,
  };
}

export function anthropicMessages(body: Json): Message[] {
  const system: Message[] = "system" in body ? [{ role: "system", content: readContent(body["system"]) }] : [];
  return [...system, ...readMessages(body["messages"])];
}

function readThinking(thinking: Json | undefined): boolean | undefined {
  return thinking === undefined ? undefined : thinking["type"] !== "disabled";
}
