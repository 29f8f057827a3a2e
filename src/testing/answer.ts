import { mix } from "./text/hash.ts";

export type Finish = "stop" | "length" | "tool_calls";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, complete at the end. */
  arguments: string;
}

/** One answer of a request; most requests ask for one only. */
export interface Choice {
  reasoning: string;
  content: string;
  readonly toolCalls: ToolCall[];
  finish: Finish | undefined;
  /** The stop string that ended it. */
  stopWord: string | undefined;
  /** All that were made, also those nobody sees. */
  tokens: number;
  reasoningTokens: number;
}

/** What a request has been answered so far. */
export interface Answer {
  /** Counts requests from 1, and makes their ids. */
  readonly serial: number;
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly choices: Choice[];
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  promptMs: number;
  predictedMs: number;
}

/** What one token added to an answer; several things at a boundary, nothing inside a character. */
export interface Piece {
  readonly choice: number;
  /** The token itself, or undefined where the model only ended. */
  readonly token: string | undefined;
  readonly reasoning: string;
  readonly content: string;
  /** A call that begins here. */
  readonly toolCall: ToolCall | undefined;
  readonly toolArguments: string;
  /** Set on the last piece of a choice. */
  readonly finish: Finish | undefined;
}

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** An id that differs for every `serial` and looks like the ones servers make; `base` 16 for hexadecimal. */
export function idOf(serial: number, length: number, base: 16 | 62 = 62): string {
  let id = "";
  for (let at = 0; at < length; at++) id += LETTERS[mix(serial, at) % base];
  return id;
}
