import { idOf, type Answer } from "../answer.ts";
import type { Ask } from "../ask.ts";
import { Refusal, type Call, type Outgoing, type ServerView } from "../call.ts";
import type { Json } from "../fields.ts";
import type { Notice } from "../hang-up.ts";
import { contextSize } from "../read/ollama.ts";
import { readChat } from "../read/openai.ts";
import type { Phase } from "../served.ts";
import { PLAIN_MESSAGES } from "../wire/anthropic-messages.ts";
import { PLAIN_CHAT, wholeCall } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { generate, type Api, type Continuation } from "./api.ts";
import { anthropicRefusal, BASE, BASE_API } from "./base.ts";
import type { Manners } from "./manners.ts";
import { ollamaRoutes } from "./ollama-routes.ts";
import {
  completionRoutes,
  embeddingRoutes,
  messagesRoutes,
  modelRoutes,
  post,
  responsesRoutes,
  transcriptionRoutes,
} from "./routes.ts";

const NOTHING_USED = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const SAYS_NOTHING = { role: "assistant", content: "" };

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: (answer, object) => ({ ...envelope(answer, "chatcmpl"), object }),
    opening: undefined,
    eachDelta: SAYS_NOTHING,
    closing: SAYS_NOTHING,
    reasoning: "reasoning",
    toolCalls: "whole",
    message: ({ content, reasoning, toolCalls }) => ({
      role: "assistant",
      content,
      ...(reasoning === "" ? {} : { reasoning }),
      ...(toolCalls.length === 0
        ? {}
        : { tool_calls: toolCalls.map((call, index) => ({ index, ...wholeCall(call) })) }),
    }),
  },
  completions: {
    ...PLAIN_COMPLETION,
    envelope: (answer) => ({ ...envelope(answer, "cmpl"), object: "text_completion" }),
    eachChoice: () => ({}),
    // Usage that was asked for is in every chunk, and empty in all but the last.
    eachChunk: (_, ask) => (ask.includeUsage ? { usage: NOTHING_USED } : {}),
    finishChunk: (_, ask) => (ask.includeUsage ? { usage: NOTHING_USED } : {}),
  },
  messages: { ...PLAIN_MESSAGES, ping: false },
  continuation,
  unknownModel: (model) => new Refusal(404, `model '${model}' not found`),
  modelKey,
};

/** Ollama, of August 2026: a front end over llama-server. */
export const ollama: Manners = {
  ...BASE,
  engine: "ollama",
  model: "simulated:latest",
  streamHead: "token",
  batchTokens: 512,
  routes: [
    ...ollamaRoutes(API),
    ...modelRoutes("library"),
    ...post(["/v1/chat/completions"], (call) => generate(API, call, readOllamaOpenAi(call.json()))),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
  ],
  unknown: () => ({ status: 404, body: "404 page not found" }),
  refuse,
  notice,
  leaks: ({ options }) => options.quirks.leaksSlots === true,
};

/** It knows the older name of the limit only. */
function readOllamaOpenAi(body: Json): Ask {
  return readChat({ ...body, max_completion_tokens: body["max_tokens"] });
}

function envelope({ serial, created, model }: Answer, kind: string): Json {
  return { id: `${kind}-${idOf(serial, 3, 16)}`, created, model, system_fingerprint: "fp_ollama" };
}

/** llama-server gets the content alone and shows it again; a Go renderer trims it, and does not. */
function continuation(_ask: Ask, _last: unknown, { options }: ServerView): Continuation {
  if (options.quirks.renderer === "go") return { continues: true, echoes: false, trims: true };
  return { continues: true, echoes: true, dropsReasoning: true };
}

/** Another context size means loading the model again. */
function modelKey(ask: Ask, { models }: ServerView): string {
  return `${ask.model === "" ? models[0] : ask.model} ${contextSize(ask.body) ?? "default"}`;
}

/** It knows at once; the llama-server behind it learns it by its own rules, its answers being streams. */
function notice(phase: Phase): Notice {
  return phase === "prefill" ? { by: "poll", everyMs: 1000, restarts: false } : { by: "at-once" };
}

function refuse({ status, message }: Refusal, call: Call): Outgoing {
  if (call.path.startsWith("/api/")) return { status, body: { error: message } };
  if (call.path === "/v1/messages") return anthropicRefusal(status, message);
  const type = status === 400 ? "invalid_request_error" : status === 404 ? "not_found_error" : "api_error";
  return { status, body: { error: { message, type, param: null, code: null } } };
}
