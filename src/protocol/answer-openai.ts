import type { AnswerNotes } from "./answer-notes.ts";
import { type AnswerReader, CONTENT, NEWS } from "./answer-reader.ts";
import { marks } from "./skim.ts";
import { countIn, isFilled, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/** oMLX keeps a waiting client alive with chunks that look like the answer's; this is their id. */
export const KEEPALIVE_ID = "chatcmpl-keepalive";

/** What a client shows or acts on. What llama-server calls `reasoning_content` is `reasoning` to mlx and vLLM. */
const CONTENT_MEMBERS = [
  "content",
  "reasoning_content",
  "reasoning",
  "thinking",
  "refusal",
  "tool_calls",
  "function_call",
];
const NEWS_MEMBERS = ["finish_reason", "usage", "timings", "error", "detail", "message"];

/** OpenAI's chat completions and completions, streamed or not. */
export const openAiAnswer: AnswerReader = {
  marks: marks({
    ...Object.fromEntries([...CONTENT_MEMBERS, "text"].map((name) => [name, CONTENT])),
    ...Object.fromEntries(NEWS_MEMBERS.map((name) => [name, NEWS])),
  }),
  readsUnmarked: false,
  read(value, notes) {
    if (value["id"] === KEEPALIVE_ID) return;
    notes.countTimings(value["timings"]);
    const usage = objectIn(value["usage"]);
    if (usage !== undefined) notes.count(usage["prompt_tokens"], usage["completion_tokens"]);
    const choices = objectsIn(value["choices"]);
    if (choices.some(hasContent)) notes.content();
    for (const choice of choices) readChoice(choice, notes);
  },
};

/** Whether a choice, of a stream or not, brings some of the answer. */
export function hasContent(choice: JsonObject): boolean {
  const part = objectIn(choice["delta"]) ?? objectIn(choice["message"]);
  if (part === undefined) return textIn(choice["text"]) !== undefined;
  return CONTENT_MEMBERS.some((name) => isFilled(part[name]));
}

function readChoice(choice: JsonObject, notes: AnswerNotes): void {
  const index = countIn(choice["index"]) ?? 0;
  notes.choice(index);
  const reason = textIn(choice["finish_reason"]);
  if (reason === undefined) return;
  if (hasGivenUp(reason)) notes.fail({ message: `the model server gave up: ${reason}`, code: reason });
  else notes.finish(reason, index);
}

/** SGLang and vLLM end a request that they gave up as they end one that is done. */
export function hasGivenUp(finishReason: string): boolean {
  return finishReason === "abort" || finishReason === "error";
}
