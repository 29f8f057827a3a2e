import type { Ask } from "../ask.ts";
import { Refusal, type Call, type Outgoing, type ServerView } from "../call.ts";
import type { Notice } from "../hang-up.ts";
import { dataFrame } from "../wire/frames.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import { detailedUsage } from "../wire/usage.ts";
import { NEW_TURN, type Api } from "./api.ts";
import { brokenFrames, BASE, BASE_API, openAiRefusal, detailRefusal } from "./base.ts";
import type { Heartbeat, Manners } from "./manners.ts";
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
} from "./routes.ts";

const KEEPALIVE_MS = 10_000;
const LOOKS: Notice = { by: "poll", everyMs: 2000, restarts: false };

const API: Api = {
  ...BASE_API,
  chat: { ...PLAIN_CHAT, usage: detailedUsage },
  // Unasked it begins a new turn; a last message that calls itself partial is continued (jundot/omlx#306).
  continuation: (_ask, last) => (last.partial === true ? { continues: true, echoes: false } : NEW_TURN),
  unknownModel: (model) => new Refusal(404, `Model '${model}' not found.`, { type: "not_found_error" }),
};

/** oMLX. */
export const omlx: Manners = {
  ...BASE,
  engine: "omlx",
  model: "simulated-4bit",
  headers: { Server: "uvicorn" },
  wholeHead: "arrival",
  routes: [
    get("/health", ({ models }) => ({
      status: "healthy",
      default_model: models[0],
      engine_pool: { model_count: 1 },
      mcp: null,
    })),
    get("/api/status", status),
    ...modelRoutes("omlx"),
    ...chatRoutes(API, ["/v1/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...rerankRoutes(["/v1/rerank"]),
  ],
  refuse,
  notice: () => LOOKS,
  heartbeat,
  broken,
};

/** A chunk that says nothing, with an id of its own; the first one comes at once. A whole answer begins with spaces. */
function heartbeat(ask: Ask, { options }: ServerView): Heartbeat | undefined {
  const beat = { everyMs: KEEPALIVE_MS, atOnce: true };
  if (!ask.stream) return { ...beat, frame: " " };
  const { keepAlive = "chunk" } = options.quirks;
  if (keepAlive === "off") return undefined;
  if (keepAlive === "comment") return { ...beat, frame: ": keep-alive\n\n" };
  const frame = idleFrame(ask);
  return frame === undefined ? undefined : { ...beat, frame };
}

function idleFrame({ dialect }: Ask): string | undefined {
  if (dialect === "anthropic-messages") return 'event: ping\ndata: {"type":"ping"}\n\n';
  const chunk = { created: 0, model: "keepalive" };
  if (dialect === "openai-chat") {
    const choices = [{ index: 0, delta: { content: "" }, finish_reason: null }];
    return dataFrame({ id: "chatcmpl-keepalive", object: "chat.completion.chunk", ...chunk, choices });
  }
  if (dialect !== "openai-completions") return undefined;
  const choices = [{ index: 0, text: "", logprobs: null, finish_reason: null }];
  return dataFrame({ id: "cmpl-keepalive", object: "text_completion", ...chunk, choices });
}

/** What fails behind the first space has its status in its body only. */
function broken(ask: Ask, message: string): string {
  if (ask.stream) return brokenFrames(ask, message, true);
  return JSON.stringify({ error: { message, type: "server_error", param: null, code: 503 } });
}

function refuse(refusal: Refusal, call: Call): Outgoing {
  return call.path.startsWith("/v1/") ? openAiRefusal(refusal, call) : detailRefusal(refusal);
}

function status({ slots, models }: ServerView): unknown {
  return {
    status: "ok",
    version: "0.3.0-simulated",
    uptime_seconds: 1,
    models_discovered: models.length,
    models_loaded: 1,
    models_loading: 0,
    default_model: models[0],
    loaded_models: [models[0]],
    active_requests: slots.busy,
    waiting_requests: slots.waiting,
  };
}
