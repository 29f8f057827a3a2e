import { idOf } from "../answer.ts";
import { Refusal, type Call, type ComputeTask, type Outgoing, type ServerView } from "../call.ts";
import { numberOf, textOf, textsOf, type Json } from "../fields.ts";
import { readContent } from "../read/messages.ts";
import { readChat } from "../read/openai.ts";
import { splitTokens, tokenId } from "../text/tokens.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { relevance, tokensIn } from "../wire/vectors.ts";
import { promptsOf, type Api } from "./api.ts";
import { BASE, BASE_API, openAiRefusal } from "./base.ts";
import { continuation, continuousUsage } from "./continuation.ts";
import type { Manners } from "./manners.ts";
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
} from "./routes.ts";

const FINISHED = { stop_reason: null };

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: ({ serial, created, model }, object) => ({
      id: `chatcmpl-${idOf(serial, 32, 16)}`,
      object,
      created,
      model,
    }),
    closing: { content: "" },
    eachChoice: (_, finished) => ({ logprobs: null, ...(finished ? FINISHED : {}), token_ids: null }),
    eachChunk: continuousUsage,
    message: (choice) => ({
      ...PLAIN_CHAT.message(choice),
      content: choice.content === "" ? null : choice.content,
      refusal: null,
      annotations: null,
      audio: null,
      function_call: null,
      reasoning_content: choice.reasoning === "" ? null : choice.reasoning,
    }),
    wholeAnswer: () => ({
      service_tier: null,
      system_fingerprint: null,
      prompt_logprobs: null,
      kv_transfer_params: null,
    }),
  },
  completions: {
    ...PLAIN_COMPLETION,
    eachChoice: (_, finished) => ({ logprobs: null, ...(finished ? FINISHED : {}) }),
    eachChunk: continuousUsage,
    finishChunk: continuousUsage,
  },
  completionTokens: 16,
  continuation,
  check({ body }, { server }) {
    const priority = numberOf(body["priority"]) ?? 0;
    if (priority !== 0 && server.options.quirks.priorityScheduling !== true) {
      throw new Refusal(400, `Got priority ${priority} but priority scheduling is not enabled.`, BAD_REQUEST);
    }
  },
  // Lower goes first.
  order: ({ body }) => numberOf(body["priority"]) ?? 0,
};

const BAD_REQUEST = { type: "BadRequestError" } as const;

/** vLLM, V1 engine. */
export const vllm: Manners = {
  ...BASE,
  engine: "vllm",
  model: "simulated/model",
  headers: { Server: "uvicorn" },
  batchTokens: 2048,
  routes: [
    { method: "GET", path: "/health", handle: () => ({ body: "" }) },
    { method: "GET", path: "/ping", handle: () => ({ body: "" }) },
    get("/version", () => ({ version: "0.22.0" })),
    get("/load", ({ slots }) => ({ server_load: slots.busy + slots.waiting })),
    { method: "GET", path: "/metrics", handle: metrics },
    { method: "GET", path: "/server_info", handle: serverInfo },
    get("/v1/models", models),
    ...chatRoutes(API, ["/v1/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...rerankRoutes(["/rerank", "/v1/rerank", "/v2/rerank"]),
    ...post(["/score", "/v1/score"], score),
    ...post(["/tokenize"], tokenize),
  ],
  refuse: openAiRefusal,
};

function models({ models: names, options }: ServerView): Json {
  const more = { parent: null, max_model_len: options.contextTokens, permission: [] };
  const data = names.map((id) => ({
    id,
    object: "model",
    created: 1_700_000_000,
    owned_by: "vllm",
    root: id,
    ...more,
  }));
  return { object: "list", data };
}

function metrics({ server }: Call): Outgoing {
  const label = `{model_name="${server.models[0]}"}`;
  const gauges = { num_requests_running: server.slots.busy, num_requests_waiting: server.slots.waiting };
  const body = Object.entries(gauges)
    .map(([name, value]) => `# TYPE vllm:${name} gauge\nvllm:${name}${label} ${value}\n`)
    .join("");
  return { body };
}

function serverInfo({ server, query }: Call): Outgoing {
  const { slots, options } = server;
  if (options.quirks.devMode !== true) return { status: 404, body: { detail: "Not Found" } };
  const scheduler = {
    max_num_seqs: slots.capacity,
    policy: options.quirks.priorityScheduling === true ? "priority" : "fcfs",
  };
  if (query.get("config_format") !== "json") return { body: { vllm_config: `max_num_seqs=${slots.capacity}` } };
  return { body: { vllm_config: { scheduler_config: scheduler, model_config: { model: server.models[0] } } } };
}

function score(call: Call): ComputeTask {
  const body = call.json();
  const query = readContent(body["text_1"] ?? body["queries"]);
  const texts = textsOf(body["text_2"] ?? body["documents"]);
  const tokens = tokensIn([query, ...texts]);
  const data = texts.map((text, index) => ({ index, object: "score", score: relevance(query, text) }));
  const usage = { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0 };
  const model = textOf(body["model"]) ?? call.server.models[0];
  return { kind: "compute", tokens, answer: () => ({ body: { object: "list", model, data, usage } }) };
}

function tokenize(call: Call): Outgoing {
  const body = call.json();
  const text = textOf(body["prompt"]) ?? promptsOf(API, readChat(body), call.server)[0]!.text;
  const tokens = splitTokens(text).map(tokenId);
  return { body: { count: tokens.length, max_model_len: call.server.options.contextTokens, tokens } };
}
