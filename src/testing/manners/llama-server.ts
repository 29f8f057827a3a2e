import type { Ask } from "../ask.ts";
import { BadJson, Refusal, type Call, type Outgoing, type ServerView } from "../call.ts";
import type { Notice } from "../hang-up.ts";
import type { Phase, ServedRequest } from "../served.ts";
import type { Message } from "../text/chat-template.ts";
import type { Api, Continuation } from "./api.ts";
import { BASE, BASE_API, anthropicRefusal, screenKey } from "./base.ts";
import { llamaRoutes } from "./llama-routes.ts";
import {
  LLAMA_CHAT,
  LLAMA_COMPLETION,
  LLAMA_MESSAGES,
  LLAMA_RESPONSES,
  llamaWire,
  progressFrame,
  progressOf,
} from "./llama-wire.ts";
import type { Manners } from "./manners.ts";
import { responsesWire } from "../wire/openai-responses.ts";

const LARGEST_BODY = 100 * 1024 * 1024;

/** Measured: who waits for a result looks for a closed connection once a second, but counts anew with every result for anybody. */
const LOOKS: Notice = { by: "poll", everyMs: 1000, restarts: true };

const PING_MS = 30_000;

const API: Api = {
  ...BASE_API,
  chat: LLAMA_CHAT,
  completions: LLAMA_COMPLETION,
  messages: LLAMA_MESSAGES,
  responses: LLAMA_RESPONSES,
  llama: llamaWire,
  continuation,
  check({ n }, { server }) {
    if (n > server.slots.capacity) {
      throw new Refusal(400, "n_cmpl cannot be greater than the number of slots, please increase -np");
    }
  },
  // It has one model, whatever a request calls it.
  unknownModel: (model) => new Refusal(404, `model '${model}' not found`, { type: "not_found_error" }),
  tooLong: (tokens, contextTokens) =>
    new Refusal(
      400,
      `request (${tokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`,
      { type: "exceed_context_size_error", extra: { n_prompt_tokens: tokens, n_ctx: contextTokens } },
    ),
  rewire(wire, ask, answer) {
    if (ask.body["return_progress"] !== true) return wire;
    if (ask.dialect === "openai-responses") {
      return responsesWire(answer, {
        ...LLAMA_RESPONSES,
        progress: (progress) => ({ prompt_progress: progressOf(progress) }),
      });
    }
    return { ...wire, progress: (progress) => progressFrame(ask, answer, progress) };
  },
};

/** llama.cpp's `llama-server`, v0.5. */
export const llamaServer: Manners = {
  ...BASE,
  engine: "llama-server",
  model: "simulated.gguf",
  headers: { Server: "llama.cpp", "X-Accel-Buffering": "no" },
  // Headers mean that the slot has begun.
  streamHead: "slot",
  batchTokens: 2048,
  routes: llamaRoutes(API),
  screenHead: ({ headers }) =>
    Number(headers["content-length"]) > LARGEST_BODY ? { status: 413, body: "" } : undefined,
  screen,
  unknown: () => ({ status: 404, body: { error: { code: 404, message: "File Not Found", type: "not_found_error" } } }),
  refuse,
  notice,
  heartbeat: ({ stream }) => (stream ? { everyMs: PING_MS, frame: ":\n\n", atOnce: false } : undefined),
};

/**
 * The last answer is continued unasked, and then shown again. Asked with both flags, a stream does not show it again; a whole answer
 * does all the same.
 */
function continuation(ask: Ask, last: Message, server: ServerView): Continuation {
  const { quirks } = server.options;
  const { body } = ask;
  const asked = body["continue_final_message"] !== undefined && body["continue_final_message"] !== false;
  if (asked && body["add_generation_prompt"] !== false) {
    throw new Refusal(400, "Cannot set both add_generation_prompt and continue_final_message to true.");
  }
  if (!asked && (quirks.prefillAssistant === false || body["add_generation_prompt"] === false)) {
    return { continues: false, echoes: false, opensNoTurn: body["add_generation_prompt"] === false };
  }
  if (last.hasToolCalls === true) {
    throw new Refusal(400, "Cannot continue an assistant message that contains tool calls.");
  }
  if ("messages" in ask.input && ask.input.messages.at(-2)?.role === "assistant") {
    throw new Refusal(400, "Cannot have 2 or more assistant messages at the end of the list.");
  }
  return { continues: true, echoes: !asked || !ask.stream, thinkingTags: quirks.thinkingTags ?? false };
}

function notice(phase: Phase, request: ServedRequest, ask: Ask | undefined): Notice {
  if (phase === "queued") return { by: "at-once" };
  if (ask?.stream !== true) return LOOKS;
  // Its generation outlives the connection, to be read on another one (ggml-org/llama.cpp#23226).
  if (request.headers["x-conversation-id"] !== undefined) return { by: "never" };
  // What is written fails; while a prompt is read, nothing is written unless progress is asked for.
  return phase === "decode" || ask.body["return_progress"] === true ? { by: "at-once" } : LOOKS;
}

const OPEN_TO_ALL = new Set(["/health", "/v1/health", "/models", "/v1/models"]);

function screen(call: Call): Outgoing | undefined {
  if (call.server.loading) throw new Refusal(503, "Loading model", { type: "unavailable_error" });
  return OPEN_TO_ALL.has(call.path) ? undefined : screenKey(call);
}

function refuse(refusal: Refusal, call: Call): Outgoing {
  const { status, message, type = "invalid_request_error", extra } = refusal;
  if (refusal instanceof BadJson) {
    const parse = `[json.exception.parse_error.101] parse error: ${message}`;
    return { status: 500, body: { error: { code: 500, message: parse, type: "server_error" } } };
  }
  if (call.path === "/v1/messages" && status !== 503) return anthropicRefusal(status, message);
  return { status, body: { error: { code: status, message, type, ...extra } } };
}
