import { mix } from "./hash.ts";
import { jsonAnswer, toolArguments } from "./json-answer.ts";
import type { Channel } from "./token-source.ts";

/** A part of a turn: a text that is fixed, or that many tokens of words. */
export type Segment =
  | { readonly channel: Channel; readonly text: string; readonly atom?: boolean }
  | { readonly channel: Channel; readonly tokens: number };

export interface OfferedTool {
  readonly name: string;
  /** A JSON Schema, or undefined. */
  readonly parameters: unknown;
}

/** What a turn is to be. All of it follows from the request, so the same request gets the same turn. */
export interface TurnWish {
  /** Another number, other words. */
  readonly seed: number;
  /** Comes first in the content and is never cut: one token, exempt from stop strings. */
  readonly label: string;
  readonly reasoningTokens: number;
  readonly contentTokens: number | readonly [least: number, most: number];
  /** The whole content, instead of words. */
  readonly text: string | undefined;
  /** The content must be JSON: of this schema, or any object (`true`). */
  readonly json: unknown;
  /** Ends the turn with a call of this tool. */
  readonly call: OfferedTool | undefined;
}

export const THINK_OPEN = "<think>\n";
export const THINK_CLOSE = "\n</think>\n\n";

/** The parts of a turn, in order; `hash` is the prompt's. */
export function planTurn(wish: TurnWish, hash: number): Segment[] {
  const plan: Segment[] = [];
  if (wish.reasoningTokens > 0) {
    plan.push({ channel: "markup", text: THINK_OPEN });
    plan.push({ channel: "reasoning", tokens: wish.reasoningTokens });
    plan.push({ channel: "markup", text: THINK_CLOSE });
  }
  if (wish.label !== "") plan.push({ channel: "content", text: wish.label, atom: true });
  plan.push(content(wish, hash));
  if (wish.call !== undefined) plan.push(...call(wish.call, hash));
  return plan;
}

function content(wish: TurnWish, hash: number): Segment {
  const channel = "content";
  if (wish.text !== undefined) return { channel, text: wish.text };
  if (wish.json !== undefined) return { channel, text: jsonAnswer(wish.json, hash) };
  // Next to a call a model says nothing, or little; nothing is what most do.
  if (wish.call !== undefined) return { channel, tokens: 0 };
  if (typeof wish.contentTokens === "number") return { channel, tokens: wish.contentTokens };
  const [least, most] = wish.contentTokens;
  return { channel, tokens: least + (mix(hash, 0) % (most - least + 1)) };
}

function call(tool: OfferedTool, hash: number): Segment[] {
  return [
    { channel: "markup", text: '<tool_call>\n{"name": "' },
    { channel: "tool-name", text: tool.name, atom: true },
    { channel: "markup", text: '", "arguments": ' },
    { channel: "tool-arguments", text: toolArguments(tool.parameters, hash) },
    { channel: "markup", text: "}\n</tool_call>" },
  ];
}
