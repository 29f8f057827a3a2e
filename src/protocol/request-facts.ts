import { topLevelFields, type JsonFields } from "./json-fields.ts";
import { JsonReader } from "./json-reader.ts";
import type { DialectName, Route } from "./route.ts";

/**
 * What the gateway decides by, read from a request's body. A field of a wrong type counts as absent: the model server judges it.
 *
 * Sources: the OpenAI, Anthropic and Ollama API references; the fields that llama-server, vLLM and SGLang add to them.
 */
export interface RequestFacts {
  readonly model?: string | undefined;
  readonly stream: boolean;
  /** How many answers are asked for: `n` for each prompt. */
  readonly n: number;
  readonly logprobs: boolean;
  /** Whether the model may call tools. */
  readonly tools: boolean;
  /** Whether the text must follow a schema, a grammar or a pattern. */
  readonly grammar: boolean;
  /** The most tokens that may be generated; `undefined` when there is no such limit. */
  readonly maxTokens?: number | undefined;
  /** As the client wrote it. What it means differs from server to server. */
  readonly priority?: string | number | boolean | undefined;
  readonly serviceTier?: string | undefined;
  /** Whom the client names as its user. */
  readonly user?: string | undefined;
  /** Whether a stream shall tell its usage at the end. */
  readonly includeUsage: boolean;
  /** Ollama: nothing to answer; the call loads the model, or unloads it. */
  readonly isLoad: boolean;
}

/** Where a dialect writes the token limit; the first that is there counts. */
const TOKEN_LIMITS: Readonly<Record<DialectName, readonly string[]>> = {
  "openai-chat": ["max_completion_tokens", "max_tokens", "n_predict"],
  "openai-completions": ["max_tokens", "n_predict"],
  "openai-responses": ["max_output_tokens"],
  "anthropic-messages": ["max_tokens"],
  "llama-completion": ["n_predict", "max_tokens"],
  "ollama-chat": ["num_predict"],
  "ollama-generate": ["num_predict"],
  "openai-embeddings": [],
  "ollama-embed": [],
  rerank: [],
  opaque: [],
};

/** Where Ollama looks for something to answer. */
const OLLAMA_INPUTS: Readonly<Partial<Record<DialectName, readonly string[]>>> = {
  "ollama-chat": ["messages"],
  "ollama-generate": ["prompt"],
  "ollama-embed": ["input", "prompt"],
};

/** Fields that bind the text to a form as soon as they say anything. */
const GRAMMARS = [
  // Ollama.
  "format",
  // llama-server.
  "grammar",
  "json_schema",
  // vLLM.
  "structured_outputs",
  "guided_json",
  "guided_regex",
  "guided_choice",
  "guided_grammar",
  // SGLang.
  "regex",
  "ebnf",
];

/** Of a route whose body is not read. */
const UNREAD: RequestFacts = {
  stream: false,
  n: 1,
  logprobs: false,
  tools: false,
  grammar: false,
  includeUsage: false,
  isLoad: false,
};

/**
 * Reads the facts of a request. `fields` saves a second scan, if it is at hand. The result does not hold on to the body, so that
 * a body can be put away while its request waits.
 *
 * @throws {JsonSyntaxError} when the route takes JSON, and the body is no JSON object.
 */
export function readFacts(route: Route, body: Uint8Array, fields?: JsonFields): RequestFacts {
  if (route.body === "opaque") return UNREAD;
  const request = new JsonReader(fields ?? topLevelFields(body));
  return {
    model: request.text("model"),
    stream: request.flag("stream") ?? route.streamDefault,
    n: answersPerPrompt(request) * (route.dialect === "openai-completions" ? promptCount(request) : 1),
    logprobs: wantsLogprobs(request),
    tools: hasItems(request, "tools") || hasItems(request, "functions"),
    grammar: hasGrammar(request),
    maxTokens: tokenLimit(route, request),
    priority: request.scalar("priority"),
    serviceTier: request.text("service_tier"),
    user: request.text("user") ?? request.object("metadata")?.text("user_id"),
    includeUsage: request.object("stream_options")?.flag("include_usage") ?? false,
    isLoad: OLLAMA_INPUTS[route.dialect]?.every((name) => !says(request, name)) ?? false,
  };
}

function answersPerPrompt(request: JsonReader): number {
  const n = request.number("n") ?? request.number("n_cmpl") ?? 1;
  return Number.isSafeInteger(n) && n > 1 ? n : 1;
}

/** Several prompts are a list of texts or of token lists. A list with a number in it is one prompt, given as tokens. */
function promptCount(request: JsonReader): number {
  let count = 0;
  for (const item of request.items("prompt")) {
    if (request.kindAt(item) === "number") return 1;
    count += 1;
  }
  return Math.max(count, 1);
}

function wantsLogprobs(request: JsonReader): boolean {
  // A number in completions, where 0 still asks for those of the chosen tokens; a boolean elsewhere.
  if (request.flag("logprobs") === true || (request.number("logprobs") ?? -1) >= 0) return true;
  if ((request.number("top_logprobs") ?? 0) > 0 || (request.number("n_probs") ?? 0) > 0) return true;
  for (const item of request.items("include")) {
    if (request.scalarAt(item) === "message.output_text.logprobs") return true;
  }
  return false;
}

function hasGrammar(request: JsonReader): boolean {
  const formats = [
    request.object("response_format"),
    request.object("text")?.object("format"),
    request.object("output_config")?.object("format"),
    request.object("output_format"),
  ];
  const isBound = formats.some((format) => format !== undefined && format.text("type") !== "text");
  return isBound || GRAMMARS.some((name) => says(request, name));
}

function tokenLimit(route: Route, request: JsonReader): number | undefined {
  const place = route.family === "ollama" ? request.object("options") : request;
  for (const name of TOKEN_LIMITS[route.dialect]) {
    const limit = place?.number(name);
    // llama-server and Ollama write -1 and -2 for "no limit".
    if (limit !== undefined) return Number.isFinite(limit) && limit >= 0 ? limit : undefined;
  }
  return undefined;
}

/** Whether the member is there and is not null, `false`, "" or []. */
function says(request: JsonReader, name: string): boolean {
  const kind = request.kind(name);
  if (kind === undefined || kind === "null") return false;
  if (kind === "list") return hasItems(request, name);
  return kind === "object" || !["", false].includes(request.scalar(name) as "" | false);
}

function hasItems(request: JsonReader, name: string): boolean {
  return request.items(name).next().done === false;
}
