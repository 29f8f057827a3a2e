import type { AnswerNotes } from "./answer-notes.ts";
import { type AnswerReader, CONTENT, NEWS } from "./answer-reader.ts";
import { marks } from "./skim.ts";
import { countIn, type JsonObject, objectIn, textIn } from "./untrusted-json.ts";

/**
 * Anthropic's messages, streamed or not. Why they end comes with `message_delta`, the end itself with `message_stop`.
 */
export const anthropicAnswer: AnswerReader = {
  marks: marks({
    text: CONTENT,
    thinking: CONTENT,
    partial_json: CONTENT,
    usage: NEWS,
    stop_reason: NEWS,
    error: NEWS,
  }),
  // Events are told apart by their type, and those that are no delta are few.
  readsUnmarked: true,
  read(value, notes) {
    switch (value["type"]) {
      case "message_start":
        countUsage(objectIn(value["message"])?.["usage"], notes);
        break;
      case "content_block_start":
        if (isToolUse(objectIn(value["content_block"]))) notes.started = true;
        break;
      case "content_block_delta":
        if (hasContent(objectIn(value["delta"]))) notes.content();
        break;
      case "message_delta":
        notes.reasonAhead = textIn(objectIn(value["delta"])?.["stop_reason"]) ?? notes.reasonAhead;
        countUsage(value["usage"], notes);
        break;
      case "message_stop":
        notes.finish(notes.reasonAhead);
        break;
      case "message":
        countUsage(value["usage"], notes);
        notes.finish(textIn(value["stop_reason"]));
        break;
      default:
    }
  },
};

/** A client acts on a tool's name before it has the arguments. */
function isToolUse(block: JsonObject | undefined): boolean {
  return block?.["type"] === "tool_use" || block?.["type"] === "server_tool_use";
}

function hasContent(delta: JsonObject | undefined): boolean {
  return [delta?.["text"], delta?.["thinking"], delta?.["partial_json"]].some((value) => textIn(value) !== undefined);
}

/** `input_tokens` leaves out what came from the cache. Some servers repeat it as 0 at the end. */
function countUsage(value: unknown, notes: AnswerNotes): void {
  const usage = objectIn(value);
  if (usage === undefined) return;
  const names = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
  const prompt = names.reduce((sum, name) => sum + (countIn(usage[name]) ?? 0), 0);
  notes.count(prompt > 0 ? prompt : undefined, usage["output_tokens"]);
}
