import type { Ask } from "../ask.ts";
import { listOf, numberOf, recordOf, textOf, textsOf, type Json } from "../fields.ts";
import type { Message } from "../text/chat-template.ts";
import { readContent, readMessages, readTools } from "./messages.ts";

/** `POST /v1/chat/completions` */
export function readChat(body: Json): Ask {
  return {
    ...common(body),
    dialect: "openai-chat",
    input: { messages: readMessages(body["messages"]) },
    maxTokens: limit(body["max_completion_tokens"] ?? body["max_tokens"]),
    tools: readTools(body["tools"]),
    toolChoice: readToolChoice(body["tool_choice"]),
    json: readJsonFormat(recordOf(body["response_format"])) ?? body["json_schema"],
    thinking: readThinking(body),
    logprobs: body["logprobs"] === true,
  };
}

/** `POST /v1/completions` */
export function readCompletion(body: Json): Ask {
  return {
    ...common(body),
    dialect: "openai-completions",
    input: { prompts: readPrompts(body["prompt"]) },
    maxTokens: limit(body["max_tokens"]),
    json: body["json_schema"],
    logprobs: typeof body["logprobs"] === "number" && body["logprobs"] > 0,
  };
}

/** `POST /v1/responses` */
export function readResponses(body: Json): Ask {
  const instructions = textOf(body["instructions"]);
  const system: Message[] = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  return {
    ...common(body),
    dialect: "openai-responses",
    input: { messages: [...system, ...readResponsesInput(body["input"])] },
    maxTokens: limit(body["max_output_tokens"]),
    tools: readTools(body["tools"]),
    toolChoice: readToolChoice(body["tool_choice"]),
    json: readJsonFormat(recordOf(recordOf(body["text"])?.["format"])),
    thinking: readThinking(body),
  };
}

function common(body: Json): Omit<Ask, "dialect" | "input" | "maxTokens"> {
  return {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    stop: textsOf(body["stop"]),
    n: Math.max(1, numberOf(body["n"]) ?? 1),
    tools: [],
    toolChoice: "auto",
    json: undefined,
    thinking: undefined,
    includeUsage: recordOf(body["stream_options"])?.["include_usage"] === true,
    logprobs: false,
    body,
  };
}

/** Null, absent and negative mean no limit. */
export function limit(value: unknown): number {
  const tokens = numberOf(value);
  return tokens === undefined || tokens < 0 ? Infinity : tokens;
}

export function readPrompts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  const list = listOf(value);
  // A list of numbers is one prompt in tokens, a list of lists several.
  if (list.some((entry) => typeof entry === "number")) return [list.join(" ")];
  return list.map((entry) => (typeof entry === "string" ? entry : listOf(entry).join(" ")));
}

export function readToolChoice(value: unknown): Ask["toolChoice"] {
  if (value === "none" || value === "required") return value;
  const choice = recordOf(value);
  const name = textOf(recordOf(choice?.["function"])?.["name"] ?? choice?.["name"]);
  if (name !== undefined) return { name };
  // Anthropic writes {type: "any" | "none"}.
  if (choice?.["type"] === "any") return "required";
  return choice?.["type"] === "none" ? "none" : "auto";
}

function readJsonFormat(format: Json | undefined): unknown {
  switch (format?.["type"]) {
    case "json_object":
      return format["schema"] ?? true;
    case "json_schema":
      return recordOf(format["json_schema"])?.["schema"] ?? format["schema"] ?? true;
    default:
      return undefined;
  }
}

function readThinking(body: Json): boolean | undefined {
  const wish = recordOf(body["chat_template_kwargs"])?.["enable_thinking"] ?? body["enable_thinking"];
  if (typeof wish === "boolean") return wish;
  const effort = textOf(body["reasoning_effort"]) ?? textOf(recordOf(body["reasoning"])?.["effort"]);
  return effort === undefined ? undefined : effort !== "none";
}

function readResponsesInput(value: unknown): Message[] {
  if (typeof value === "string") return [{ role: "user", content: value }];
  return listOf(value).flatMap((entry) => {
    const item = recordOf(entry);
    if (item === undefined) return [];
    if (item["type"] === "function_call_output") return [{ role: "tool", content: readContent(item["output"]) }];
    return "content" in item ? readMessages([item]) : [];
  });
}
