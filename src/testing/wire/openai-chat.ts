import type { Answer, Choice, Piece, ToolCall } from "../answer.ts";
import type { Ask } from "../ask.ts";
import type { Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { dataFrame, DONE, SSE } from "./frames.ts";
import { logprobOf, plainUsage } from "./usage.ts";

/** Where the servers that speak OpenAI's chat completions differ. */
export interface ChatFlavour {
  /** The members around `choices`; the same in each chunk. */
  envelope(answer: Answer, object: string): Json;
  /** The delta of a chunk before all others; undefined if there is no such chunk. */
  readonly opening: Json | undefined;
  /** The `object` of the chunk with the usage. */
  readonly usageObject: "chat.completion.chunk" | "chat.completion";
  /** The name of the member that carries reasoning. */
  readonly reasoning: "reasoning_content" | "reasoning";
  /** Members that each delta has, whatever else it carries. */
  readonly eachDelta: Json;
  /** The delta of the chunk with the finish reason. */
  readonly closing: Json;
  /** Members of every choice of a chunk, beside index, delta and finish reason. */
  eachChoice(choice: Choice, finished: boolean): Json;
  /** Whether calls come in parts, or at once when they are complete. */
  readonly toolCalls: "parts" | "whole";
  usage(answer: Answer): Json;
  /** Members of each chunk beside the envelope and the choices. */
  eachChunk(answer: Answer, ask: Ask, kind: "opening" | "piece" | "finish"): Json;
  /** Members of the very last chunk. */
  lastChunk(answer: Answer): Json;
  message(choice: Choice): Json;
  /** Members of a whole answer beside the envelope, the choices and the usage. */
  wholeAnswer(answer: Answer): Json;
}

/** OpenAI's own form. */
export const PLAIN_CHAT: ChatFlavour = {
  envelope: ({ serial, created, model }, object) => ({ id: `chatcmpl-${serial}`, object, created, model }),
  opening: { role: "assistant", content: "" },
  usageObject: "chat.completion.chunk",
  reasoning: "reasoning_content",
  eachDelta: {},
  closing: {},
  eachChoice: () => ({}),
  toolCalls: "parts",
  usage: plainUsage,
  eachChunk: () => ({}),
  lastChunk: () => ({}),
  message: ({ content, reasoning, toolCalls }) => ({
    role: "assistant",
    content: content === "" && toolCalls.length > 0 ? null : content,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(wholeCall) }),
  }),
  wholeAnswer: () => ({}),
};

export function wholeCall({ id, name, arguments: text }: ToolCall): Json {
  return { id, type: "function", function: { name, arguments: text } };
}

export function chatWire(ask: Ask, answer: Answer, flavour: ChatFlavour): Wire {
  const envelope = flavour.envelope(answer, "chat.completion.chunk");

  const chunk = (index: number, delta: Json, piece?: Piece): string => {
    const choice = answer.choices[index];
    const logprobs =
      ask.logprobs && piece?.token !== undefined ? { logprobs: { content: [logprobOf(piece.token)] } } : {};
    return dataFrame({
      ...envelope,
      choices: [
        {
          index,
          delta,
          ...(choice === undefined ? {} : flavour.eachChoice(choice, false)),
          ...logprobs,
          finish_reason: null,
        },
      ],
      ...flavour.eachChunk(answer, ask, piece === undefined ? "opening" : "piece"),
    });
  };

  const finish = (index: number): string => {
    const choice = answer.choices[index]!;
    const last = index === answer.choices.length - 1 && !ask.includeUsage ? flavour.lastChunk(answer) : {};
    return dataFrame({
      ...envelope,
      choices: [{ index, delta: flavour.closing, ...flavour.eachChoice(choice, true), finish_reason: choice.finish }],
      ...flavour.eachChunk(answer, ask, "finish"),
      ...last,
    });
  };

  const open = (index: number): string => (flavour.opening === undefined ? "" : chunk(index, flavour.opening));
  let opened = 0;

  return {
    contentType: SSE,
    opening: () => open(0),
    piece(piece) {
      const delta = deltaOf(piece, answer.choices[piece.choice]!, flavour);
      const before = piece.choice > opened ? open((opened = piece.choice)) : "";
      const shown = before + (delta === undefined ? "" : chunk(piece.choice, delta, piece));
      return piece.finish === undefined ? shown : shown + finish(piece.choice);
    },
    closing() {
      if (!ask.includeUsage) return DONE;
      const head = flavour.envelope(answer, flavour.usageObject);
      return dataFrame({ ...head, choices: [], usage: flavour.usage(answer), ...flavour.lastChunk(answer) }) + DONE;
    },
    whole: () => ({
      ...flavour.envelope(answer, "chat.completion"),
      choices: answer.choices.map((choice, index) => ({
        index,
        message: flavour.message(choice),
        ...flavour.eachChoice(choice, true),
        finish_reason: choice.finish,
      })),
      usage: flavour.usage(answer),
      ...flavour.wholeAnswer(answer),
    }),
  };
}

/** Undefined for a piece that shows nothing. */
function deltaOf(piece: Piece, choice: Choice, flavour: ChatFlavour): Json | undefined {
  const calls = flavour.toolCalls === "parts" ? callParts(piece, choice) : wholeCalls(piece, choice);
  if (piece.content === "" && piece.reasoning === "" && calls.length === 0) return undefined;
  return {
    ...flavour.eachDelta,
    ...(piece.content === "" ? {} : { content: piece.content }),
    ...(piece.reasoning === "" ? {} : { [flavour.reasoning]: piece.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function callParts(piece: Piece, choice: Choice): Json[] {
  const index = choice.toolCalls.length - 1;
  if (piece.toolCall !== undefined) {
    const { id, name } = piece.toolCall;
    return [{ index, id, type: "function", function: { name, arguments: "" } }];
  }
  return piece.toolArguments === "" ? [] : [{ index, function: { arguments: piece.toolArguments } }];
}

/** All calls, at the end. */
function wholeCalls(piece: Piece, choice: Choice): Json[] {
  if (piece.finish !== "tool_calls") return [];
  return choice.toolCalls.map((call, index) => ({ index, ...wholeCall(call) }));
}
