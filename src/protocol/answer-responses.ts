import { type AnswerReader, CONTENT, NEWS } from "./answer-reader.ts";
import { marks } from "./skim.ts";
import { type JsonObject, objectIn, textIn } from "./untrusted-json.ts";

/** OpenAI's Responses, streamed or not. Each piece of content is a `delta`; the last event holds the whole response. */
export const responsesAnswer: AnswerReader = {
  marks: marks({ delta: CONTENT, response: NEWS, error: NEWS, timings: NEWS }),
  readsUnmarked: false,
  read(value, notes) {
    notes.countTimings(value["timings"]);
    const { type } = value;
    if (typeof type === "string" && type.endsWith(".delta")) {
      if (textIn(value["delta"]) !== undefined) notes.content();
      return;
    }
    const whole = value["object"] === "response";
    const response = whole ? value : objectIn(value["response"]);
    if (response === undefined) return;
    const usage = objectIn(response["usage"]);
    if (usage !== undefined) notes.count(usage["input_tokens"], usage["output_tokens"]);
    if (whole || type === "response.completed" || type === "response.incomplete") notes.finish(reasonOf(response));
  },
};

function reasonOf(response: JsonObject): string | undefined {
  return textIn(objectIn(response["incomplete_details"])?.["reason"]) ?? textIn(response["status"]);
}
