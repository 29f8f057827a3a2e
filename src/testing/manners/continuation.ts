import type { Answer } from "../answer.ts";
import type { Ask } from "../ask.ts";
import { Refusal } from "../call.ts";
import { recordOf, type Json } from "../fields.ts";
import type { Message } from "../text/chat-template.ts";
import { plainUsage } from "../wire/usage.ts";
import { NEW_TURN, type Continuation } from "./api.ts";

/** Usage in every chunk, if a request wants it so. */
export function continuousUsage(answer: Answer, { body, includeUsage }: Ask): Json {
  const options = recordOf(body["stream_options"]);
  return includeUsage && options?.["continuous_usage_stats"] === true ? { usage: plainUsage(answer) } : {};
}

/** The last message is continued if both flags say so; one alone is refused. @throws {Refusal} */
export function continuation({ body }: Ask, _last: Message): Continuation {
  const continues = body["continue_final_message"] === true;
  const opens = body["add_generation_prompt"] !== false;
  if (continues && opens) {
    throw new Refusal(400, "Cannot set both `continue_final_message` and `add_generation_prompt` to True.", {
      type: "BadRequestError",
    });
  }
  if (continues) return { continues, echoes: body["echo"] === true };
  return opens ? NEW_TURN : { ...NEW_TURN, opensNoTurn: true };
}
