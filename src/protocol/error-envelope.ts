import type { DialectName, Family } from "./route.ts";

/** An error as it goes on the wire, before it has a dialect. */
export interface WireError {
  /** The HTTP status. After the first byte it is too late to send it; then it only chooses the type. */
  readonly status: number;
  /** Stable: programs may switch on it. Dialects without codes leave it to a header. */
  readonly code: string;
  /** The dialect's own word for the kind of error. Default: by the status. */
  readonly type?: string;
  readonly message: string;
  /** Whole seconds. For the `Retry-After` header; no dialect has it in the body. */
  readonly retryAfterSeconds?: number;
  /** The field of the request that is wrong. */
  readonly param?: string;
  /** Anthropic's clients show it. */
  readonly requestId?: string;
}

/**
 * The kinds of error by status, in OpenAI's words and in Anthropic's. A status that is not listed counts as 400 or as 500.
 *
 * Sources: platform.openai.com/docs/guides/error-codes, docs.claude.com/en/api/errors (which answers overload with 529).
 */
const TYPES: ReadonlyMap<number, readonly [openai: string, anthropic: string]> = new Map([
  [400, ["invalid_request_error", "invalid_request_error"]],
  [401, ["authentication_error", "authentication_error"]],
  [403, ["permission_error", "permission_error"]],
  [404, ["invalid_request_error", "not_found_error"]],
  [413, ["invalid_request_error", "request_too_large"]],
  [429, ["rate_limit_error", "rate_limit_error"]],
  [500, ["server_error", "api_error"]],
  [503, ["server_error", "overloaded_error"]],
  [504, ["server_error", "timeout_error"]],
  [529, ["server_error", "overloaded_error"]],
]);

/** The dialects whose streams are lines of JSON; those of the others are server-sent events. */
const LINES: ReadonlySet<DialectName> = new Set(["ollama-chat", "ollama-generate", "ollama-embed"]);

const utf8 = new TextEncoder();

/** The body of an error answer, as the clients of that family read it: `application/json` in all of them. */
export function errorBody(family: Family, error: WireError): string {
  return JSON.stringify(envelope(family, error));
}

/**
 * The error in the middle of a stream that has begun with 200. It takes the place of the end: no `[DONE]`, no `message_stop`.
 * A dialect that does not stream gets OpenAI's form. The bytes before it must have been whole frames.
 */
export function errorFrame(dialect: DialectName, error: WireError): Uint8Array {
  if (LINES.has(dialect)) return utf8.encode(`${errorBody("ollama", error)}\n`);
  if (dialect === "anthropic-messages") return utf8.encode(`event: error\ndata: ${errorBody("anthropic", error)}\n\n`);
  if (dialect === "openai-responses")
    return utf8.encode(`event: error\ndata: ${JSON.stringify(responsesError(error))}\n\n`);
  return utf8.encode(`data: ${errorBody("openai", error)}\n\n`);
}

function envelope(family: Family, error: WireError): object {
  const { message, requestId } = error;
  switch (family) {
    case "anthropic": {
      const body = { type: "error", error: { type: typeOf(error, 1), message } };
      return requestId === undefined ? body : { ...body, request_id: requestId };
    }
    case "ollama":
      return { error: message };
    case "openai":
    case "llama":
      return { error: openaiError(error) };
  }
}

function openaiError(error: WireError): object {
  return { message: error.message, type: typeOf(error, 0), param: error.param ?? null, code: error.code };
}

/**
 * The documented event is flat, but OpenAI's own clients throw only for an `error` member, so it has both. The number of the event
 * is not known here, and no client checks it.
 */
function responsesError(error: WireError): object {
  const { code, message, param = null } = error;
  return { type: "error", sequence_number: 0, code, message, param, error: openaiError(error) };
}

function typeOf({ type, status }: WireError, column: 0 | 1): string {
  const types = TYPES.get(status) ?? TYPES.get(status < 500 ? 400 : 500)!;
  return type ?? types[column];
}
