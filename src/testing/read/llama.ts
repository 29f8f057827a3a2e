import type { Ask } from "../ask.ts";
import { numberOf, textOf, textsOf, type Json } from "../fields.ts";
import { limit, readPrompts } from "./openai.ts";

/** llama-server's own `POST /completion` (and `/infill`, which continues a prefix). */
export function readLlamaCompletion(body: Json): Ask {
  return {
    dialect: "llama-completion",
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    input: { prompts: readPrompts(body["prompt"] ?? body["input_prefix"]) },
    maxTokens: limit(body["n_predict"] ?? body["max_tokens"]),
    stop: textsOf(body["stop"]),
    n: Math.max(1, numberOf(body["n_cmpl"] ?? body["n"]) ?? 1),
    tools: [],
    toolChoice: "auto",
    json: body["json_schema"],
    thinking: undefined,
    includeUsage: true,
    logprobs: false,
    body,
  };
}
