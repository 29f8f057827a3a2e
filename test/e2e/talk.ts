import type { Json } from "../support/gateway.ts";

export const CHAT = "/v1/chat/completions";
export const USER = { role: "user", content: "Which way does the queue go?" };

/** A chat request of a few tokens that does not stream. */
export function chat(text: string = USER.content, more: Json = {}): Json {
  return { model: "m", max_tokens: 4, messages: [{ role: "user", content: text }], ...more };
}

/** The same as a stream. */
export function stream(text: string = USER.content, more: Json = {}): Json {
  return chat(text, { stream: true, ...more });
}

/** What a request that a server saw said, as {@link chat} was given it. */
export function asked(body: Buffer): string {
  const { messages } = JSON.parse(body.toString()) as { messages: { content: string }[] };
  return messages[0]!.content;
}

/** The members that are new for every answer, taken out wherever they stand. */
export function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !PASSING.test(name));
  return Object.fromEntries(kept.map(([name, member]) => [name, timeless(member)]));
}

const PASSING =
  /^(?:id|item_id|call_id|created|created_at|completed_at|timings|tool_call_id|serial|.*_duration|obfuscation)$/;

interface WireErrorBody {
  readonly error: { readonly code: string; readonly type: string; readonly message: string };
}

/** The error of an answer in OpenAI's form, with its status. */
export async function refusal(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as WireErrorBody;
  return { status: response.status, code: error.code, message: error.message };
}
