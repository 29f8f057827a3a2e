import type { DialectName } from "./route.ts";

/** `comment`: the lightest sign of life. `delta`: an empty piece of answer, for clients that stumble over SSE comments. */
export type HeartbeatForm = "comment" | "delta" | "none";

/**
 * The frame that keeps a streaming client patient while its request waits. Not an answer: no text, no role, no id to go by.
 *
 * `null` where a stream has no room for one: NDJSON knows no comments, and what does not stream stays silent. The Responses API
 * has no empty delta before its first event, so it gets a comment in either form. Shared bytes: not to be written to.
 */
export function heartbeat(dialect: DialectName, form: HeartbeatForm = "comment"): Uint8Array | null {
  return form === "none" ? null : FRAMES[dialect][form];
}

interface Frames {
  readonly comment: Uint8Array | null;
  readonly delta: Uint8Array | null;
}

/** A comment in the event stream format: a line that begins with a colon (WHATWG HTML, server-sent events). */
const COMMENT = frame(": waiting");

/** Anthropic's streams have a ping of their own, and its clients know it (docs.claude.com/en/api/messages-streaming). */
const PING = frame('event: ping\ndata: {"type": "ping"}');

const NOTHING: Frames = { comment: null, delta: null };

const FRAMES: Readonly<Record<DialectName, Frames>> = {
  "openai-chat": {
    comment: COMMENT,
    delta: data({
      id: "chatcmpl-waiting",
      object: "chat.completion.chunk",
      created: 0,
      model: "",
      choices: [{ index: 0, delta: { content: "" }, finish_reason: null }],
    }),
  },
  "openai-completions": {
    comment: COMMENT,
    delta: data({
      id: "cmpl-waiting",
      object: "text_completion",
      created: 0,
      model: "",
      choices: [{ index: 0, text: "", logprobs: null, finish_reason: null }],
    }),
  },
  "llama-completion": { comment: COMMENT, delta: data({ index: 0, content: "", tokens: [], stop: false }) },
  "openai-responses": { comment: COMMENT, delta: COMMENT },
  "anthropic-messages": { comment: PING, delta: PING },
  "ollama-chat": NOTHING,
  "ollama-generate": NOTHING,
  "ollama-embed": NOTHING,
  "openai-embeddings": NOTHING,
  rerank: NOTHING,
  opaque: NOTHING,
};

function data(event: object): Uint8Array {
  return frame(`data: ${JSON.stringify(event)}`);
}

function frame(lines: string): Uint8Array {
  return new TextEncoder().encode(`${lines}\n\n`);
}
