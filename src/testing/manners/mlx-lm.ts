import { idOf } from "../answer.ts";
import { BadJson, Refusal, type Call, type Outgoing, type Wire } from "../call.ts";
import { recordOf, type Json } from "../fields.ts";
import type { Notice } from "../hang-up.ts";
import { PLAIN_CHAT, wholeCall } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { detailedUsage } from "../wire/usage.ts";
import type { Api } from "./api.ts";
import { BASE, BASE_API } from "./base.ts";
import type { Manners } from "./manners.ts";
import { chatRoutes, completionRoutes } from "./routes.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

const SAYS_NOTHING = { role: "assistant", content: "", reasoning: "", tool_calls: [] };

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: ({ serial, created, model }, object) => ({ ...head("chatcmpl", serial), object, model, created }),
    opening: undefined,
    usageObject: "chat.completion",
    eachDelta: SAYS_NOTHING,
    closing: SAYS_NOTHING,
    reasoning: "reasoning",
    toolCalls: "whole",
    usage: detailedUsage,
    message: ({ content, reasoning, toolCalls }) => ({
      role: "assistant",
      content,
      reasoning,
      tool_calls: toolCalls.map(wholeCall),
    }),
  },
  completions: {
    ...PLAIN_COMPLETION,
    envelope: ({ serial, created, model }) => ({ ...head("cmpl", serial), object: "text_completion", model, created }),
    eachChoice: () => ({}),
    usage: detailedUsage,
  },
  check(ask) {
    // Its own keyword, given a second time. There is no other way to ask for a continuation.
    if (recordOf(ask.body["chat_template_kwargs"])?.["add_generation_prompt"] !== undefined) {
      throw new Refusal(404, "apply_chat_template() got multiple values for keyword argument 'add_generation_prompt'");
    }
  },
  unknownModel: (model) => new Refusal(404, `404 Client Error. Repository Not Found for url: ${model}.`),
  modelKey: ({ model }, { models }) => (model === "" || model === "default_model" ? models[0] : model),
  rewire(wire, { body }): Wire {
    // Usage is looked up in the options without asking whether it is there: a KeyError at the very end of the stream.
    const options = recordOf(body["stream_options"]);
    const fails = options !== undefined && !("include_usage" in options);
    return {
      ...wire,
      progress: ({ total, processed, cached }) => (processed === cached ? "" : `: keepalive ${processed}/${total}\n\n`),
      ...(fails ? { closing: () => "" } : {}),
    };
  },
};

/** `mlx_lm.server` 0.32: Python's own HTTP server, HTTP/1.0. */
export const mlxLm: Manners = {
  ...BASE,
  engine: "mlx-lm",
  model: "mlx-community/simulated-4bit",
  headers: { Server: "BaseHTTP/0.6 Python/3.12.11", "Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache" },
  closes: true,
  streamHead: "slot",
  // In batches, which are its rule, the cache of an aborted request is dropped.
  cache: { keeps: "all", keepsAborted: false },
  routes: [
    { method: "GET", path: "/health", handle: () => ({ body: '{"status": "ok"}', headers: JSON_TYPE }) },
    { method: "GET", path: "/v1/models*", handle: listed },
    ...chatRoutes(API, ["/v1/chat/completions", "/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
  ],
  screenHead({ method, headers }) {
    if (method !== "POST" || headers["content-length"] !== undefined) return undefined;
    return { status: 411, body: { error: "Content-Length header is required" } };
  },
  unknown: () => ({ status: 404, body: "Not Found", headers: JSON_TYPE }),
  refuse,
  // Only a stream notices, where a write fails: the first one after the hang-up still succeeds.
  notice: (phase, _request, ask): Notice =>
    ask?.stream === true && phase !== "queued" ? { by: "write", writes: 2 } : { by: "never" },
  broken: () => undefined,
};

function head(kind: string, serial: number): Json {
  return { id: `${kind}-${idOf(serial, 32, 16)}`, system_fingerprint: "0.32.0-simulated" };
}

function listed({ server }: Call): Outgoing {
  const data = server.models.map((id) => ({ id, object: "model", created: 1_700_000_000 }));
  return { body: { object: "list", data } };
}

/** What fails in the model is a 404; what fails before, in the handler, is no answer at all. */
function refuse(refusal: Refusal): Outgoing | undefined {
  if (refusal instanceof BadJson)
    return { status: 400, body: { error: `Invalid JSON in request body: ${refusal.message}` } };
  return refusal.status === 400 ? undefined : { status: refusal.status, body: { error: refusal.message } };
}
