/** What went wrong with a model server. The gateway turns it into a status: 503, 504, 502, or an in-band error after the first byte. */
export type UpstreamFailureCode = "upstream_unreachable" | "upstream_timeout" | "upstream_failed" | "resume_failed";

/** A model server that did not answer, or stopped in the middle of an answer. */
export class UpstreamFailure extends Error {
  readonly code: UpstreamFailureCode;
  /** Whether any byte of an answer had come. */
  readonly answered: boolean;

  constructor(code: UpstreamFailureCode, message: string, answered: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "UpstreamFailure";
    this.code = code;
    this.answered = answered;
  }
}

/** Nobody listens there, or the way there is closed: the request was not sent. */
const UNREACHABLE = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "EHOSTDOWN"]);
const TIMED_OUT = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "ETIMEDOUT"]);
const CLOSED = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** Classifies what undici reports. `answered` says whether the response head had come. */
export function upstreamFailure(error: unknown, answered: boolean): UpstreamFailure {
  const code = codeOf(error);
  if (UNREACHABLE.has(code)) {
    return new UpstreamFailure("upstream_unreachable", `the model server does not answer (${code})`, answered, error);
  }
  if (TIMED_OUT.has(code)) {
    return new UpstreamFailure("upstream_timeout", `the model server took too long (${code})`, answered, error);
  }
  if (code === "UND_ERR_DESTROYED") {
    const why = "the gateway is shutting down, or was told to let this model server go";
    return new UpstreamFailure("upstream_failed", `the answer was cut off: ${why}`, answered, error);
  }
  const what = answered
    ? "broke off in the middle of its answer"
    : CLOSED.has(code)
      ? "closed the connection without an answer"
      : "gave an answer that is no proper HTTP";
  return new UpstreamFailure("upstream_failed", `the model server ${what} (${code})`, answered, error);
}

/**
 * Whether a request may be sent again because it can only have met a connection that the server had closed meanwhile: the
 * connection was used before, and nothing of an answer came (the keep-alive race of RFC 9112 §9.3.1).
 */
export function isStaleConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (!CLOSED.has(code)) return false;
  const socket = (error as { socket?: { bytesRead?: number } }).socket;
  return (socket?.bytesRead ?? 0) > 0;
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "unknown";
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  // Several addresses were tried (happy eyeballs): the first failure stands for all.
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : "unknown";
}
