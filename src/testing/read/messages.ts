import { listOf, recordOf, textOf, type Json } from "../fields.ts";
import type { Message } from "../text/chat-template.ts";
import type { OfferedTool } from "../text/turn-plan.ts";

/** Messages of the OpenAI, Anthropic and Ollama forms. */
export function readMessages(value: unknown): Message[] {
  return listOf(value).flatMap((entry) => {
    const message = recordOf(entry);
    return message === undefined ? [] : [readMessage(message)];
  });
}

function readMessage(message: Json): Message {
  const reasoning = [message["reasoning_content"], message["reasoning"], message["thinking"]].find(isText);
  return {
    role: textOf(message["role"]) ?? "user",
    content: readContent(message["content"]),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(listOf(message["tool_calls"]).length > 0 ? { hasToolCalls: true } : {}),
    ...(message["partial"] === true ? { partial: true } : {}),
  };
}

/** A string, or the text parts of a list; a picture is a mark in the text. */
export function readContent(value: unknown): string {
  if (typeof value === "string") return value;
  return listOf(value)
    .map((entry) => {
      const part = recordOf(entry);
      if (part === undefined) return textOf(entry) ?? "";
      if (part["type"] === "thinking") return "";
      return textOf(part["text"]) ?? textOf(part["content"]) ?? `<|${textOf(part["type"]) ?? "part"}|>`;
    })
    .join("");
}

/** Tools of the OpenAI form (under `function`) and of the flat ones (Responses; Anthropic with `input_schema`). */
export function readTools(value: unknown): OfferedTool[] {
  return listOf(value).flatMap((entry) => {
    const tool = recordOf(entry);
    const named = recordOf(tool?.["function"]) ?? tool;
    const name = textOf(named?.["name"]);
    if (named === undefined || name === undefined) return [];
    return [{ name, parameters: named["parameters"] ?? named["input_schema"] }];
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
