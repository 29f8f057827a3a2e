import type { OfferedTool } from "./turn-plan.ts";
import { THINK_CLOSE, THINK_OPEN } from "./turn-plan.ts";

/** One message of a conversation, whatever dialect it came in. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly reasoning?: string;
  readonly hasToolCalls?: boolean;
  /** oMLX: the message is the beginning of the answer. */
  readonly partial?: boolean;
}

/** How the last message of a conversation is treated. */
export interface TemplateOptions {
  readonly tools: readonly OfferedTool[];
  readonly thinking: boolean;
  /** Opens a turn for the model. */
  readonly generationPrompt: boolean;
  /** The last message is left open, for the model to go on with. */
  readonly continueLast: boolean;
  /** A template that knows thinking puts an empty thought before an answer that is continued without one. */
  readonly thinkingTags: boolean;
}

const TURN = "<|im_start|>assistant\n";
const THINKING_ON = "<|im_start|>system\nreasoning: on<|im_end|>\n";

/** The whole text that a model is to continue. */
export function renderChat(messages: readonly Message[], options: TemplateOptions): string {
  let text = options.thinking ? THINKING_ON : "";
  if (options.tools.length > 0)
    text += `<|im_start|>system\n<tools>${JSON.stringify(options.tools)}</tools><|im_end|>\n`;
  const last = messages.length - 1;
  for (const [index, message] of messages.entries()) {
    if (index === last && options.continueLast) return text + TURN + openTurn(message, options.thinkingTags);
    text += `<|im_start|>${message.role}\n${message.content}<|im_end|>\n`;
  }
  return options.generationPrompt ? text + TURN : text;
}

/** The model's own text of a turn that was cut: its thought, closed only if the answer has begun. */
function openTurn({ content, reasoning = "" }: Message, thinkingTags: boolean): string {
  if (reasoning !== "") return THINK_OPEN + reasoning + (content === "" ? "" : THINK_CLOSE + content);
  return thinkingTags ? `${THINK_OPEN}${THINK_CLOSE}${content}` : content;
}

export interface PromptParts {
  /** Up to and with the opening of the model's turn. */
  readonly prompt: string;
  /** What the model is taken to have said already. */
  readonly said: string;
  readonly thinking: boolean;
}

/** Finds the model's turn in a text that came from the template, or undefined. */
export function partsOf(text: string): PromptParts | undefined {
  const start = text.lastIndexOf(TURN);
  if (start < 0) return undefined;
  const end = start + TURN.length;
  const said = text.slice(end);
  // A closed turn is history.
  if (said.includes("<|im_end|>")) return undefined;
  return { prompt: text.slice(0, end), said, thinking: text.startsWith(THINKING_ON) };
}
