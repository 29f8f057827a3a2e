import { type AnswerReader, CONTENT, NEWS } from "./answer-reader.ts";
import { marks } from "./skim.ts";
import { countIn, textIn } from "./untrusted-json.ts";

/** llama-server's own completion and infill, streamed or not. */
export const llamaAnswer: AnswerReader = {
  marks: marks({ content: CONTENT, stop: NEWS, timings: NEWS, error: NEWS }),
  // With `response_fields` the last object has only the members that were asked for, and perhaps no `stop`.
  readsUnmarked: true,
  read(value, notes) {
    const index = countIn(value["index"]) ?? 0;
    notes.choice(index);
    if (textIn(value["content"]) !== undefined) notes.content();
    notes.countTimings(value["timings"]);
    notes.count(value["tokens_evaluated"], value["tokens_predicted"]);
    if (value["stop"] !== false) notes.finish(textIn(value["stop_type"]), index);
  },
};
