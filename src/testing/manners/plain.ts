import { BASE, BASE_API } from "./base.ts";
import type { Manners } from "./manners.ts";
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

/** An OpenAI-style server of no known make. */
export const plain: Manners = {
  ...BASE,
  engine: "plain",
  model: "plain-model",
  routes: [
    get("/health", () => ({ status: "ok" })),
    ...modelRoutes("organization"),
    ...chatRoutes(BASE_API, ["/v1/chat/completions", "/chat/completions"]),
    ...completionRoutes(BASE_API, ["/v1/completions"]),
    ...responsesRoutes(BASE_API, ["/v1/responses"]),
    ...messagesRoutes(BASE_API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings", "/embeddings"]),
    ...rerankRoutes(["/v1/rerank", "/rerank"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
  ],
};
