import { Refusal, type Call, type Outgoing, type ServerView } from "../call.ts";
import { textOf, type Json } from "../fields.ts";
import { readLlamaCompletion } from "../read/llama.ts";
import { readChat } from "../read/openai.ts";
import { countTokens, splitTokens, tokenId } from "../text/tokens.ts";
import { inputsOf, tokensIn, vectorOf } from "../wire/vectors.ts";
import { generate, promptsOf, type Api } from "./api.ts";
import { BUILD_INFO } from "./llama-wire.ts";
import type { Route } from "./manners.ts";
import {
  chatRoutes,
  completionRoutes,
  countRoutes,
  embeddingRoutes,
  get,
  messagesRoutes,
  post,
  rerankRoutes,
  responsesRoutes,
  transcriptionRoutes,
} from "./routes.ts";

/** llama-server's routes, of its `server.cpp`. */
export function llamaRoutes(api: Api): Route[] {
  return [
    ...["/health", "/v1/health"].map((path) => get(path, () => ({ status: "ok" }))),
    ...["/models", "/v1/models"].map((path) => get(path, models)),
    get("/props", props),
    { method: "GET", path: "/slots", handle: slots },
    { method: "GET", path: "/metrics", handle: metrics },
    { method: "DELETE", path: "/v1/stream", handle: stopStream },
    ...chatRoutes(api, ["/v1/chat/completions", "/chat/completions"]),
    ...completionRoutes(api, ["/v1/completions"]),
    ...post(["/completion", "/completions", "/infill"], (call) =>
      generate(api, call, readLlamaCompletion(call.json())),
    ),
    ...responsesRoutes(api, ["/v1/responses", "/responses"]),
    ...messagesRoutes(api),
    ...countRoutes(),
    ...guarded(embeddingRoutes(["/v1/embeddings", "/embeddings"])),
    ...guarded(post(["/embedding"], nativeEmbedding)),
    ...rerankRoutes(["/v1/rerank", "/v1/reranking", "/rerank", "/reranking"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
    ...post(["/apply-template"], (call) => ({ body: { prompt: rendered(api, call) } })),
    ...post(["/tokenize"], (call) => {
      const content = textOf(call.json()["content"]) ?? "";
      return { body: { tokens: splitTokens(content).map(tokenId) } };
    }),
    ...post(["/v1/chat/completions/input_tokens"], (call) => ({
      body: { object: "response.input_tokens", input_tokens: countTokens(rendered(api, call)) },
    })),
  ];
}

function rendered(api: Api, call: Call): string {
  return promptsOf(api, readChat(call.json()), call.server)[0]!.text;
}

function models({ models: names, options }: ServerView): unknown {
  const meta = { n_ctx_train: options.contextTokens, n_vocab: 151_000 };
  return {
    models: names.map((name) => ({ name, model: name, type: "model", capabilities: ["completion"], details: {} })),
    object: "list",
    data: names.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "llamacpp", meta })),
  };
}

/** A router knows no slots; only its models do. */
function props({ options, models: names, slots: { capacity } }: ServerView, call: Call): Json {
  const settings = { id: 0, n_ctx: options.contextTokens, params: { n_predict: -1, temperature: 0 } };
  const common = { default_generation_settings: settings, build_info: BUILD_INFO };
  if (options.quirks.router === true && !call.query.has("model")) {
    return {
      role: "router",
      max_instances: 4,
      models_autoload: true,
      model_alias: "llama-server",
      model_path: "none",
      ...common,
    };
  }
  return {
    ...common,
    total_slots: capacity,
    model_alias: call.query.get("model") ?? names[0],
    model_path: `/models/${names[0]}.gguf`,
    modalities: { vision: false, audio: false },
    chat_template: "{{ messages }}",
    bos_token: "",
    eos_token: "<|im_end|>",
    is_sleeping: false,
  };
}

/** Looking counts as a result, and puts off every look for a closed connection. */
function slots({ server, query }: Call): Outgoing {
  server.hadResult();
  const { capacity, busy } = server.slots;
  if (query.get("fail_on_no_slot") === "1" && busy >= capacity) {
    throw new Refusal(503, "no slot available", { type: "unavailable_error" });
  }
  const running = new Map(server.running.map((request) => [request.slot, request]));
  const body = Array.from({ length: capacity }, (_, id) => {
    const request = running.get(id);
    const task = request === undefined ? {} : { id_task: request.id, next_token: [{ n_decoded: request.tokens }] };
    return {
      id,
      n_ctx: server.options.contextTokens,
      speculative: false,
      is_processing: request !== undefined,
      ...task,
    };
  });
  return { body };
}

function metrics({ server }: Call): Outgoing {
  server.hadResult();
  const gauges = { requests_processing: server.slots.busy, requests_deferred: server.slots.waiting };
  const body = Object.entries(gauges)
    .map(([name, value]) => `# TYPE llamacpp:${name} gauge\nllamacpp:${name} ${value}\n`)
    .join("");
  return { body, headers: { "Content-Type": "text/plain; version=0.0.4" } };
}

/** Ends a generation that outlives its connection (ggml-org/llama.cpp#23226). */
function stopStream({ server, query }: Call): Outgoing {
  const conversation = query.get("conv_id");
  const stopped = server.cancel(({ headers }) => headers["x-conversation-id"] === conversation);
  if (stopped === 0) throw new Refusal(404, "Stream not found", { type: "not_found_error" });
  return { body: { success: true } };
}

function guarded(routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    handle(call) {
      if (call.server.options.quirks.noEmbeddings !== true) return route.handle(call);
      const message = "This server does not support embeddings. Start it with `--embeddings`";
      throw new Refusal(501, message, { type: "not_supported_error" });
    },
  }));
}

function nativeEmbedding(call: Call): ReturnType<Route["handle"]> {
  const texts = inputsOf(call.json());
  const { embeddingDimensions } = call.server.options;
  const body = texts.map((text, index) => ({ index, embedding: [vectorOf(text, embeddingDimensions)] }));
  return { kind: "compute", tokens: tokensIn(texts), answer: () => ({ body }) };
}
