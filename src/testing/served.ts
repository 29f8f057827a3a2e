import type { Dialect } from "./ask.ts";

/** How far a request has come; each has its time in the record. */
export type Stage = "received" | "queued" | "started" | "first-token" | "hung-up" | "freed" | "ended";

export type Phase = "receiving" | "queued" | "prefill" | "decode" | "over";

/**
 * `open`: not over yet. `answered`: to its end. `aborted`: the client hung up first, and the engine stopped or dropped the work.
 * `unread`: the client hung up, and the engine worked to the end all the same. `refused`: an error instead of an answer.
 * `broken`: by a fault, or because the server went down. `incomplete`: the client never sent it all.
 */
export type Outcome = "open" | "answered" | "aborted" | "unread" | "refused" | "broken" | "incomplete";

/** What the server knows of one request. Times are the server's clock, in milliseconds; they are set once, and in this order. */
export interface ServedRequest {
  /** 1 for the first request of the server, in order of arrival. */
  readonly id: number;
  readonly method: string;
  /** As sent, with its query. */
  readonly url: string;
  /** Names in lower case; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in turn, exactly as received. */
  readonly rawHeaders: readonly string[];
  /** Exactly as received; empty for uploads, which are counted only. */
  readonly body: Buffer;
  readonly bodyBytes: number;
  /** It needs a slot. The rest is empty for requests that do not. */
  readonly isWork: boolean;
  readonly dialect: Dialect | undefined;
  readonly model: string | undefined;
  readonly streaming: boolean;
  readonly slot: number | undefined;
  readonly phase: Phase;
  readonly outcome: Outcome;
  readonly status: number | undefined;
  readonly at: Readonly<Partial<Record<Stage, number>>>;
  /** The text the model was given to continue. */
  readonly prompt: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** Tokens made, and their text with the model's own markup. */
  readonly tokens: number;
  readonly text: string;
}

/** The record while it is written. */
export interface Served extends ServedRequest {
  body: Buffer;
  bodyBytes: number;
  isWork: boolean;
  dialect: Dialect | undefined;
  model: string | undefined;
  streaming: boolean;
  slot: number | undefined;
  phase: Phase;
  outcome: Outcome;
  status: number | undefined;
  readonly at: Partial<Record<Stage, number>>;
  prompt: string;
  promptTokens: number;
  cachedTokens: number;
  tokens: number;
  text: string;
}

export interface Arrival {
  readonly id: number;
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

const NOTHING: Buffer = Buffer.alloc(0);

export function newRecord(arrival: Arrival): Served {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < arrival.rawHeaders.length; at += 2) {
    headers[arrival.rawHeaders[at]!.toLowerCase()] = arrival.rawHeaders[at + 1]!;
  }
  return {
    ...arrival,
    headers,
    body: NOTHING,
    bodyBytes: 0,
    isWork: false,
    dialect: undefined,
    model: undefined,
    streaming: false,
    slot: undefined,
    phase: "receiving",
    outcome: "open",
    status: undefined,
    at: {},
    prompt: "",
    promptTokens: 0,
    cachedTokens: 0,
    tokens: 0,
    text: "",
  };
}
