import type { Api } from "./api.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { BASE, BASE_API } from "./base.ts";
import { continuation, continuousUsage } from "./continuation.ts";
import type { Manners } from "./manners.ts";
import { ollamaRoutes } from "./ollama-routes.ts";
import {
  chatRoutes,
  completionRoutes,
  countRoutes,
  embeddingRoutes,
  get,
  messagesRoutes,
  modelRoutes,
  rerankRoutes,
  responsesRoutes,
  transcriptionRoutes,
} from "./routes.ts";

const MODEL = "headgate-simulated";

/** Whatever model a request asks for, it is told which one answered. It can be stopped and goes on, so that this can be tried out. */
const API: Api = {
  ...BASE_API,
  chat: { ...PLAIN_CHAT, eachChunk: continuousUsage },
  completions: { ...PLAIN_COMPLETION, eachChunk: continuousUsage, finishChunk: continuousUsage },
  continuation,
  modelName: () => MODEL,
};

/**
 * The server behind `--simulate`: three dialects at one address, for a first try without a model server. Nothing it says can be
 * taken for an answer: each begins with the label, the model has a name of its own, and a header says so too.
 */
export const simulated: Manners = {
  ...BASE,
  engine: "simulated",
  model: MODEL,
  headers: { "X-Headgate-Simulated": "true" },
  // Like a small model on a small machine: slow enough to see who waits for whom.
  timing: { prefillMsPerToken: 1, decodeMsPerToken: 25, loadMs: 0 },
  label: "[simulated by headgate: no model server was found] ",
  toolCalls: "required",
  routes: [
    { method: "GET", path: "/", handle: () => ({ body: "headgate: simulated model server\n" }) },
    get("/health", () => ({ status: "ok" })),
    ...modelRoutes("headgate"),
    ...chatRoutes(API, ["/v1/chat/completions", "/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings", "/embeddings"]),
    ...rerankRoutes(["/v1/rerank", "/rerank"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
    ...ollamaRoutes(API),
  ],
};
