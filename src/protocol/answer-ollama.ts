import { type AnswerReader, CONTENT, NEWS } from "./answer-reader.ts";
import { marks } from "./skim.ts";
import { objectIn, textIn } from "./untrusted-json.ts";

/** Ollama's chat and generate, streamed or not: each line is an answer as far as it goes, and the last says `done`. */
export const ollamaAnswer: AnswerReader = {
  marks: marks({
    content: CONTENT,
    thinking: CONTENT,
    response: CONTENT,
    tool_calls: CONTENT,
    done: NEWS,
    error: NEWS,
  }),
  readsUnmarked: false,
  read(value, notes) {
    const part = objectIn(value["message"]) ?? value;
    const texts = [part["content"], part["thinking"], part["response"]];
    const calls = part["tool_calls"];
    if (texts.some((text) => textIn(text) !== undefined) || (Array.isArray(calls) && calls.length > 0)) notes.content();
    if (value["done"] !== true) return;
    notes.count(value["prompt_eval_count"], value["eval_count"]);
    notes.finish(textIn(value["done_reason"]));
  },
};
