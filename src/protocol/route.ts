/**
 * Which requests are work for the model, which ask what models there are, and which are none of our business.
 *
 * Sources: the OpenAI, Anthropic and Ollama API references, and the route tables of llama-server, mlx_lm, mlx-vlm, vLLM, SGLang
 * and LM Studio.
 */

/** How a work route speaks: the shape of its request, of its answer and of its stream. */
export type DialectName =
  | "openai-chat"
  | "openai-completions"
  | "openai-embeddings"
  | "openai-responses"
  | "anthropic-messages"
  | "ollama-chat"
  | "ollama-generate"
  | "ollama-embed"
  | "llama-completion"
  | "rerank"
  | "opaque";

/** Whose manners a route has, errors above all. `llama` is llama-server's own API, which errs as OpenAI's does. */
export type Family = "openai" | "anthropic" | "ollama" | "llama";

/** A request that occupies the model server, and therefore needs a permit. */
export interface Route {
  readonly dialect: DialectName;
  readonly family: Family;
  /** `generate` makes text token by token; `compute` gives one result: embeddings, scores, a transcript, speech, a picture. */
  readonly work: "generate" | "compute";
  /** Whether the answer is streamed when the body does not say. */
  readonly streamDefault: boolean;
  /** `json`: one JSON object, which may be read and edited. `opaque`: forwarded as it comes, multipart above all. */
  readonly body: "json" | "opaque";
}

export type Recognised =
  /** Needs a permit. */
  | { readonly kind: "work"; readonly route: Route }
  /** Lists the models, or describes `model`. */
  | { readonly kind: "models"; readonly family: Family; readonly path: string; readonly model?: string }
  /** Everything else: forwarded untouched and ungated. */
  | { readonly kind: "pass" };

const OPENAI = { family: "openai", work: "generate", streamDefault: false, body: "json" } as const;
const OLLAMA = { family: "ollama", work: "generate", streamDefault: true, body: "json" } as const;

const CHAT: Route = { ...OPENAI, dialect: "openai-chat" };
const COMPLETIONS: Route = { ...OPENAI, dialect: "openai-completions" };
const RESPONSES: Route = { ...OPENAI, dialect: "openai-responses" };
const EMBEDDINGS: Route = { ...OPENAI, dialect: "openai-embeddings", work: "compute" };
const MESSAGES: Route = { ...OPENAI, dialect: "anthropic-messages", family: "anthropic" };
const RERANK: Route = { ...OPENAI, dialect: "rerank", work: "compute" };
const NATIVE: Route = { ...OPENAI, dialect: "llama-completion", family: "llama" };
const NATIVE_EMBEDDINGS: Route = { ...EMBEDDINGS, family: "llama" };
/** A JSON request whose answer we do not read. */
const UNREAD_ANSWER: Route = { ...OPENAI, dialect: "opaque", work: "compute" };
const UNREAD_GENERATION: Route = { ...UNREAD_ANSWER, work: "generate" };
/** Neither the request nor the answer is read: multipart uploads. */
const UPLOAD: Route = { ...UNREAD_ANSWER, body: "opaque" };

/** What may follow a version segment, `/v1/` above all, or stand alone. */
const OPENAI_STYLE: Readonly<Record<string, Route>> = {
  "/chat/completions": CHAT,
  "/completions": COMPLETIONS,
  "/responses": RESPONSES,
  "/embeddings": EMBEDDINGS,
  "/messages": MESSAGES,
  "/rerank": RERANK,
  "/reranking": RERANK,
  "/score": RERANK,
  "/classify": UNREAD_ANSWER,
  "/pooling": UNREAD_ANSWER,
  "/audio/speech": UNREAD_ANSWER,
  "/audio/transcriptions": UPLOAD,
  "/audio/translations": UPLOAD,
  "/images/generations": UNREAD_ANSWER,
  "/images/edits": UPLOAD,
  "/images/variations": UPLOAD,
};

const VERSIONED: ReadonlyMap<string, Route> = new Map(Object.entries(OPENAI_STYLE));

const BARE: ReadonlyMap<string, Route> = new Map([
  ...VERSIONED,
  // llama-server's own API. Without a version, /completions and /embeddings are its native forms.
  ["/completion", NATIVE],
  ["/completions", NATIVE],
  ["/infill", NATIVE],
  ["/embedding", NATIVE_EMBEDDINGS],
  ["/embeddings", NATIVE_EMBEDDINGS],
  ["/api/chat", { ...OLLAMA, dialect: "ollama-chat" }],
  ["/api/generate", { ...OLLAMA, dialect: "ollama-generate" }],
  ["/api/embed", { ...OLLAMA, dialect: "ollama-embed", work: "compute", streamDefault: false }],
  ["/api/embeddings", { ...OLLAMA, dialect: "ollama-embed", work: "compute", streamDefault: false }],
  // LM Studio's own chat.
  ["/api/v1/chat", UNREAD_GENERATION],
  // SGLang's own generation and embedding, vLLM's and SGLang's SageMaker door.
  ["/generate", UNREAD_GENERATION],
  ["/encode", UNREAD_ANSWER],
  ["/invocations", UNREAD_GENERATION],
]);

const PASS: Recognised = { kind: "pass" };

/**
 * Says what a request is by its method and path, without query, as received.
 *
 * A path counts as known in every spelling that some server takes for it: percent-encoded, with doubled or trailing slashes, in
 * other letter case, below another prefix (`/engines/v1/chat/completions`). A needless permit costs little, work beside the gate much.
 */
export function recognise(method: string, pathname: string): Recognised {
  if (method === "POST") {
    const route = workRoute(pathname) ?? workRoute(plainSpelling(pathname));
    return route === undefined ? PASS : { kind: "work", route };
  }
  return method === "GET" ? modelsRoute(pathname) : PASS;
}

function workRoute(path: string): Route | undefined {
  const bare = BARE.get(path);
  if (bare !== undefined) return bare;
  const version = /^.*\/v\d+(?=\/)/.exec(path);
  return version === null ? undefined : VERSIONED.get(path.slice(version[0].length));
}

function modelsRoute(pathname: string): Recognised {
  const path = trimSlashes(decoded(pathname));
  if (path === "/v1/models" || path === "/models") return { kind: "models", family: "openai", path: pathname };
  if (path === "/api/tags" || path === "/api/ps") return { kind: "models", family: "ollama", path: pathname };
  // Names may hold slashes: /v1/models/org/name. Below a bare /models llama-server's router has other routes.
  if (!path.startsWith("/v1/models/")) return PASS;
  return { kind: "models", family: "openai", path: pathname, model: path.slice("/v1/models/".length) };
}

function plainSpelling(pathname: string): string {
  return trimSlashes(decoded(pathname)).toLowerCase();
}

function trimSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, "/").replace(/\/$/, "");
}

function decoded(pathname: string): string {
  if (!pathname.includes("%")) return pathname;
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname; // A stray percent sign: no server decodes it either.
  }
}
