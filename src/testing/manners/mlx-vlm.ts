import type { Ask } from "../ask.ts";
import type { Notice } from "../hang-up.ts";
import { dataFrame } from "../wire/frames.ts";
import { brokenFrames, BASE, BASE_API, detailRefusal } from "./base.ts";
import type { Manners } from "./manners.ts";
import {
  chatRoutes,
  countRoutes,
  embeddingRoutes,
  get,
  messagesRoutes,
  modelRoutes,
  rerankRoutes,
  responsesRoutes,
  transcriptionRoutes,
} from "./routes.ts";

/** `mlx_vlm.server` 0.6.15. */
export const mlxVlm: Manners = {
  ...BASE,
  engine: "mlx-vlm",
  model: "mlx-community/simulated-vl-4bit",
  headers: { Server: "mlx_vlm/0.6.15" },
  cache: { keeps: "none", keepsAborted: false },
  routes: [
    get("/health", ({ models }) => ({ status: "healthy", loaded_model: models[0] })),
    get("/metrics", ({ slots }) => ({ active: slots.busy, waiting: slots.waiting })),
    ...modelRoutes("mlx-community", ["/v1/models", "/models"]),
    ...chatRoutes(BASE_API, ["/v1/chat/completions", "/chat/completions"]),
    ...responsesRoutes(BASE_API, ["/v1/responses", "/responses"]),
    ...messagesRoutes(BASE_API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...rerankRoutes(["/v1/rerank"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
  ],
  refuse: detailRefusal,
  notice: (_phase, _request, ask): Notice => (ask?.stream === true ? { by: "at-once" } : { by: "never" }),
  broken,
};

/** An error that is a string, and no end of the stream. */
function broken(ask: Ask, message: string): string {
  return ask.stream && ask.dialect === "openai-chat"
    ? dataFrame({ error: message })
    : brokenFrames(ask, message, false);
}
