import { anthropicAnswer } from "./answer-anthropic.ts";
import { BodyWatch, GlimpseWatch } from "./answer-body.ts";
import { llamaAnswer } from "./answer-llama.ts";
import { AnswerNotes } from "./answer-notes.ts";
import { ollamaAnswer } from "./answer-ollama.ts";
import { openAiAnswer } from "./answer-openai.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { responsesAnswer } from "./answer-responses.ts";
import { StreamWatch } from "./answer-stream.ts";
import type { AnswerWatch } from "./answer.ts";
import { frameDecoder } from "./framing.ts";
import type { DialectName } from "./route.ts";

export type { AnswerWatch } from "./answer.ts";

/** The dialects whose answers are written by a model, piece by piece. */
const READERS: Partial<Readonly<Record<DialectName, AnswerReader>>> = {
  "openai-chat": openAiAnswer,
  "openai-completions": openAiAnswer,
  "openai-responses": responsesAnswer,
  "anthropic-messages": anthropicAnswer,
  "ollama-chat": ollamaAnswer,
  "ollama-generate": ollamaAnswer,
  "llama-completion": llamaAnswer,
};

/**
 * A watch over one answer with a good status.
 *
 * `streaming`: whether it comes as a stream of the dialect: its content type tells, not the request. `choices`: how
 * many the request asked for (`n`, times its prompts); the answer is finished when all of them are.
 */
export function watchAnswer(dialect: DialectName, streaming: boolean, choices = 1): AnswerWatch {
  const reader = READERS[dialect];
  if (reader === undefined) return new GlimpseWatch(dialect !== "opaque");
  const notes = new AnswerNotes(choices);
  return streaming ? new StreamWatch(frameDecoder(dialect), reader, notes) : new BodyWatch(reader, notes);
}
