import { bytesOf } from "./chunks.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Events without a name, as OpenAI-style servers send them. A string is sent as it is. */
export function events(...values: readonly (Json | string)[]): Uint8Array {
  return bytesOf(
    values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`).join(""),
  );
}

/** Events named after their type, as Anthropic and Responses have them. */
export function typedEvents(...values: readonly Json[]): Uint8Array {
  return bytesOf(values.map((value) => `event: ${String(value["type"])}\ndata: ${JSON.stringify(value)}\n\n`).join(""));
}

export function lines(...values: readonly Json[]): Uint8Array {
  return bytesOf(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

const LLAMA_HEAD = { created: 1758000001, id: "chatcmpl-7Zk", model: "qwen3-4b", system_fingerprint: "b6500-1a2b3c4d" };

/** A chunk of llama-server's chat completions. */
export function chatChunk(delta: Json, finishReason: string | null = null, index = 0): Json {
  const choice = { finish_reason: finishReason, index, delta };
  return { choices: [choice], ...LLAMA_HEAD, object: "chat.completion.chunk" };
}

export const ROLE: Json = chatChunk({ role: "assistant", content: null });
export const USAGE: Json = {
  completion_tokens: 4,
  prompt_tokens: 12,
  total_tokens: 16,
  prompt_tokens_details: { cached_tokens: 9 },
};
export const TIMINGS: Json = { cache_n: 9, prompt_n: 3, prompt_ms: 21.5, predicted_n: 4, predicted_ms: 80.25 };
export const USAGE_CHUNK: Json = { choices: [], ...LLAMA_HEAD, object: "chat.completion.chunk", usage: USAGE };
export const PROGRESS: Json = { total: 12, cache: 9, processed: 12, time_ms: 21 };
