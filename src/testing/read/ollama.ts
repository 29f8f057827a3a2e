import type { Ask } from "../ask.ts";
import { numberOf, recordOf, textOf, textsOf, type Json } from "../fields.ts";
import { readMessages, readTools } from "./messages.ts";
import { limit } from "./openai.ts";

/** `POST /api/chat` */
export function readOllamaChat(body: Json): Ask {
  return {
    ...common(body),
    dialect: "ollama-chat",
    input: { messages: readMessages(body["messages"]) },
    tools: readTools(body["tools"]),
  };
}

/** `POST /api/generate`: a prompt goes through the template unless it is `raw`. */
export function readOllamaGenerate(body: Json): Ask {
  const prompt = textOf(body["prompt"]) ?? "";
  const system = textOf(body["system"]);
  const messages = [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: prompt },
  ];
  return {
    ...common(body),
    dialect: "ollama-generate",
    input: body["raw"] === true ? { prompts: [prompt] } : { messages },
    tools: [],
  };
}

function common(body: Json): Omit<Ask, "dialect" | "input" | "tools"> {
  const options = recordOf(body["options"]) ?? {};
  return {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] !== false,
    maxTokens: limit(options["num_predict"]),
    stop: textsOf(options["stop"]),
    n: 1,
    toolChoice: "auto",
    json: body["format"] === "json" ? true : recordOf(body["format"]),
    thinking: readThink(body["think"]),
    includeUsage: true,
    logprobs: false,
    body,
  };
}

function readThink(value: unknown): boolean | undefined {
  if (typeof value === "string") return value !== "none";
  return typeof value === "boolean" ? value : undefined;
}

/** The part of the options that a loaded model is bound to: other values mean loading it again. */
export function contextSize(body: Json): number | undefined {
  return numberOf(recordOf(body["options"])?.["num_ctx"]);
}
