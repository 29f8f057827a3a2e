import type { Answer, Choice, Piece } from "../answer.ts";
import type { Ask } from "../ask.ts";
import type { Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { dataFrame, DONE, SSE } from "./frames.ts";
import { plainUsage } from "./usage.ts";

/** Where the servers that speak OpenAI's completions differ. */
export interface CompletionFlavour {
  envelope(answer: Answer): Json;
  /** Members of each choice beside text, index and finish reason. */
  eachChoice(choice: Choice, finished: boolean): Json;
  usage(answer: Answer): Json;
  /** Members of a chunk that is not the last of its choice. */
  eachChunk(answer: Answer, ask: Ask): Json;
  /** Members of the chunk with the finish reason. */
  finishChunk(answer: Answer, ask: Ask): Json;
  wholeAnswer(answer: Answer): Json;
}

export const PLAIN_COMPLETION: CompletionFlavour = {
  envelope: ({ serial, created, model }) => ({ id: `cmpl-${serial}`, object: "text_completion", created, model }),
  eachChoice: () => ({ logprobs: null }),
  usage: plainUsage,
  eachChunk: () => ({}),
  finishChunk: () => ({}),
  wholeAnswer: () => ({}),
};

export function completionWire(ask: Ask, answer: Answer, flavour: CompletionFlavour): Wire {
  const envelope = flavour.envelope(answer);
  const choiceOf = (piece: Piece, text: string): Json => {
    const finished = piece.finish !== undefined;
    const choice = answer.choices[piece.choice]!;
    return { text, index: piece.choice, ...flavour.eachChoice(choice, finished), finish_reason: piece.finish ?? null };
  };
  return {
    contentType: SSE,
    opening: () => "",
    piece(piece) {
      const more = { ...piece, finish: undefined };
      const text = piece.reasoning + piece.content;
      const shown =
        text === ""
          ? ""
          : dataFrame({ ...envelope, choices: [choiceOf(more, text)], ...flavour.eachChunk(answer, ask) });
      if (piece.finish === undefined) return shown;
      return shown + dataFrame({ ...envelope, choices: [choiceOf(piece, "")], ...flavour.finishChunk(answer, ask) });
    },
    closing: () =>
      (ask.includeUsage ? dataFrame({ ...envelope, choices: [], usage: flavour.usage(answer) }) : "") + DONE,
    whole: () => ({
      ...envelope,
      choices: answer.choices.map((choice, index) => ({
        text: choice.content,
        index,
        ...flavour.eachChoice(choice, true),
        finish_reason: choice.finish,
      })),
      usage: flavour.usage(answer),
      ...flavour.wholeAnswer(answer),
    }),
  };
}
