import { idOf, type Choice } from "../answer.ts";
import type { Ask } from "../ask.ts";
import type { Call, Outgoing, Refusal, ServerView } from "../call.ts";
import { numberOf, textOf, type Json } from "../fields.ts";
import type { Notice } from "../hang-up.ts";
import type { Phase } from "../served.ts";
import { dataFrame, DONE } from "../wire/frames.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { NEW_TURN, type Api } from "./api.ts";
import { continuousUsage } from "./continuation.ts";
import { anthropicRefusal, brokenFrames, BASE, BASE_API } from "./base.ts";
import type { Manners } from "./manners.ts";
import {
  chatRoutes,
  completionRoutes,
  embeddingRoutes,
  get,
  messagesRoutes,
  modelRoutes,
  post,
  rerankRoutes,
  responsesRoutes,
} from "./routes.ts";

/** A stream that lost its client is aborted by a task that sleeps first. */
const ABORTS_AFTER_MS = 2000;
/** Who waits for a whole answer looks this often. */
const LOOKS_EVERY_MS = 4000;

const NULLS = { role: null, content: null, reasoning_content: null, tool_calls: null };

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: ({ serial, created, model }, object) => ({ id: idOf(serial, 32, 16), object, created, model }),
    opening: { ...NULLS, role: "assistant", content: "" },
    eachDelta: NULLS,
    closing: NULLS,
    eachChoice: (choice, finished) => ({ logprobs: null, matched_stop: finished ? matchedStop(choice) : null }),
    eachChunk: (answer, ask) => ({ usage: null, ...continuousUsage(answer, ask) }),
    message: (choice) => ({ ...NULLS, ...PLAIN_CHAT.message(choice) }),
    wholeAnswer: ({ serial }) => ({ metadata: { weight_version: "default", serial } }),
  },
  completions: {
    ...PLAIN_COMPLETION,
    eachChoice: (choice, finished) => ({ logprobs: null, matched_stop: finished ? matchedStop(choice) : null }),
    eachChunk: continuousUsage,
    finishChunk: continuousUsage,
  },
  completionTokens: 16,
  continuation: ({ body }) => (body["continue_final_message"] === true ? { continues: true, echoes: false } : NEW_TURN),
  // Higher goes first, the other way round than vLLM; ignored unless it was started for it.
  order: ({ body }, { options }) =>
    options.quirks.priorityScheduling === true ? -(numberOf(body["priority"]) ?? 0) : 0,
  requestName: ({ body }) => textOf(body["rid"]),
};

/** SGLang. */
export const sglang: Manners = {
  ...BASE,
  engine: "sglang",
  model: "simulated/model",
  headers: { Server: "uvicorn" },
  batchTokens: 8192,
  routes: [
    { method: "GET", path: "/health", handle: () => ({ body: "" }) },
    ...["/get_server_info", "/server_info"].map((path) => get(path, serverInfo)),
    ...["/get_model_info", "/model_info"].map((path) =>
      get(path, ({ models }) => ({ model_path: models[0], tokenizer_path: models[0], is_generation: true })),
    ),
    get("/v1/loads", loads),
    ...modelRoutes("sglang"),
    ...chatRoutes(API, ["/v1/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...rerankRoutes(["/v1/rerank"]),
    ...post(["/abort_request"], abortRequest),
  ],
  refuse,
  notice,
  broken,
};

function matchedStop({ finish, stopWord }: Choice): string | number | null {
  if (finish !== "stop") return null;
  // Otherwise the number of the token that ends a turn.
  return stopWord ?? 151_645;
}

function serverInfo({ slots, models }: ServerView): Json {
  return {
    model_path: models[0],
    max_running_requests: slots.capacity,
    internal_states: [{ effective_max_running_requests_per_dp: slots.capacity, last_gen_throughput: 0 }],
    version: "0.5.9",
  };
}

function loads({ slots: { busy, waiting, capacity } }: ServerView): Json {
  const rank = { dp_rank: 0, num_running_reqs: busy, num_waiting_reqs: waiting, max_running_requests: capacity };
  const aggregate = { total_running_reqs: busy, total_waiting_reqs: waiting, total_reqs: busy + waiting };
  return { version: "0.5.9", dp_rank_count: 1, loads: [rank], aggregate };
}

function abortRequest(call: Call): Outgoing {
  const body = call.json();
  const rid = textOf(body["rid"]);
  call.server.cancel((_, name) => body["abort_all"] === true || (rid !== undefined && name === rid));
  return { body: "" };
}

function notice(phase: Phase, _request: unknown, ask: Ask | undefined): Notice {
  const task = ask?.stream === true && phase !== "queued";
  return { by: "poll", everyMs: task ? ABORTS_AFTER_MS : LOOKS_EVERY_MS, restarts: false };
}

function broken(ask: Ask, message: string): string {
  if (!ask.stream || !ask.dialect.startsWith("openai-c")) return brokenFrames(ask, message, true);
  const error = {
    message: `Streaming response failed: ${message}`,
    type: "InternalServerError",
    param: null,
    code: 500,
  };
  return dataFrame({ error }) + DONE;
}

function refuse({ status, message, type = "BadRequestError" }: Refusal, call: Call): Outgoing {
  if (call.path === "/v1/messages") return anthropicRefusal(status, message);
  return { status, body: { object: "error", message, type, param: null, code: status } };
}
