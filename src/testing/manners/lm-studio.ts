import type { Ask } from "../ask.ts";
import { Refusal, type Outgoing, type ServerView } from "../call.ts";
import type { Json } from "../fields.ts";
import { typedFrame } from "../wire/frames.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import type { Api } from "./api.ts";
import { brokenFrames, BASE, BASE_API } from "./base.ts";
import type { Manners } from "./manners.ts";
import {
  chatRoutes,
  completionRoutes,
  embeddingRoutes,
  get,
  messagesRoutes,
  modelRoutes,
  responsesRoutes,
} from "./routes.ts";

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: (answer, object) => ({ ...PLAIN_CHAT.envelope(answer, object), system_fingerprint: answer.model }),
    opening: undefined,
    eachDelta: { role: "assistant" },
    eachChoice: () => ({ logprobs: null }),
    wholeAnswer: () => ({ stats: {} }),
  },
  unknownModel: (model) => new Refusal(404, `Model "${model}" not found.`),
  // Models are loaded when they are asked for.
  modelKey: ({ model }, { models }) => (model === "" ? models[0] : model),
};

/** LM Studio, as far as its documentation and its issues tell. */
export const lmStudio: Manners = {
  ...BASE,
  engine: "lm-studio",
  model: "simulated-1b",
  headers: { "X-Powered-By": "Express" },
  streamHead: "slot",
  // A prompt is always read to its end (lmstudio-ai/lmstudio-bug-tracker#1143).
  batchTokens: Infinity,
  routes: [
    get("/api/v1/models", listed),
    get("/api/v0/models", ({ models: names }) => ({
      object: "list",
      data: names.map((id) => ({ id, object: "model", type: "llm", state: "loaded", max_context_length: 4096 })),
    })),
    ...modelRoutes("organization_owner"),
    ...chatRoutes(API, ["/v1/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...embeddingRoutes(["/v1/embeddings"]),
  ],
  // Not an error in its eyes.
  unknown: ({ method, path }) => ({ body: { error: `Unexpected endpoint or method. (${method} ${path})` } }),
  refuse: ({ status, message }: Refusal): Outgoing => ({ status, body: { error: message } }),
  broken,
};

function listed({ models: names, options, slots }: ServerView): Json {
  const config = {
    context_length: options.contextTokens,
    eval_batch_size: 512,
    parallel: slots.capacity,
    flash_attention: true,
    offload_kv_cache_to_gpu: true,
  };
  return {
    models: names.map((key, index) => ({
      type: "llm",
      publisher: "simulated",
      key,
      display_name: key,
      architecture: "simulated",
      quantization: { name: "Q4_K_M", bits_per_weight: 4 },
      size_bytes: 1_000_000,
      loaded_instances: index === 0 ? [{ id: key, config }] : [],
      max_context_length: options.contextTokens,
      format: "gguf",
    })),
  };
}

function broken(ask: Ask, message: string): string {
  const isChat = ask.dialect === "openai-chat" || ask.dialect === "openai-completions";
  if (!ask.stream || !isChat) return brokenFrames(ask, message, false);
  return typedFrame({ type: "error", error: { message } });
}
