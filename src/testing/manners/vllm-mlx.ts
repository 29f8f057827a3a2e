import { idOf } from "../answer.ts";
import type { Ask } from "../ask.ts";
import { Refusal, type Call, type Outgoing, type ServerView, type Wire } from "../call.ts";
import type { Notice } from "../hang-up.ts";
import type { Phase } from "../served.ts";
import { DONE } from "../wire/frames.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import type { Api } from "./api.ts";
import { brokenFrames, BASE, BASE_API, detailRefusal } from "./base.ts";
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

const HEARTBEAT_MS = 5000;
const LOOKS_EVERY_MS = 500;
/** After it looked, a stream is closed a little later. */
const CLOSES_AFTER_MS = 500;

const API: Api = {
  ...BASE_API,
  chat: {
    ...PLAIN_CHAT,
    envelope: ({ serial, created, model }, object) => ({ id: idFor(serial), object, created, model }),
  },
  unknownModel: (model) => new Refusal(404, `The model \`${model}\` does not exist.`),
  requestName: (ask, { id }) => (ask.dialect === "openai-chat" ? idFor(id) : undefined),
  rewire: (wire, ask) => (ask.json === undefined ? wire : replayed(wire)),
};

/** vllm-mlx 0.4.1. */
export const vllmMlx: Manners = {
  ...BASE,
  engine: "vllm-mlx",
  model: "mlx-community/simulated-4bit",
  headers: { Server: "uvicorn" },
  routes: [
    get("/health", ({ models }) => ({
      status: "healthy",
      model_loaded: true,
      model_name: models[0],
      model_type: "llm",
      engine_type: "simple",
      mcp: null,
    })),
    get("/v1/status", status),
    { method: "POST", path: "/v1/requests/*", handle: cancel },
    { method: "DELETE", path: "/v1/requests/*", handle: cancel },
    ...modelRoutes("vllm-mlx"),
    ...chatRoutes(API, ["/v1/chat/completions"]),
    ...completionRoutes(API, ["/v1/completions"]),
    ...responsesRoutes(API, ["/v1/responses"]),
    ...messagesRoutes(API),
    ...countRoutes(),
    ...embeddingRoutes(["/v1/embeddings"]),
    ...rerankRoutes(["/v1/rerank"]),
    ...transcriptionRoutes(["/v1/audio/transcriptions"]),
  ],
  refuse: detailRefusal,
  admit,
  notice,
  heartbeat: ({ stream }) => (stream ? { everyMs: HEARTBEAT_MS, frame: ": heartbeat\n\n", atOnce: false } : undefined),
  broken,
};

function idFor(serial: number): string {
  return `chatcmpl-${idOf(serial, 8, 16)}`;
}

/** The serial engine has no line: who comes while it works is sent away. */
function admit({ slots, options }: ServerView): Refusal | undefined {
  if (options.quirks.waitsForLock === true || slots.busy < slots.capacity) return undefined;
  const message = "The engine is busy with another request, retry later";
  return new Refusal(503, message, { extra: { error: "engine_busy", message } });
}

function notice(phase: Phase, _request: unknown, ask: Ask | undefined): Notice {
  const closes = ask?.stream === true && phase === "decode" ? CLOSES_AFTER_MS : 0;
  return { by: "poll", everyMs: LOOKS_EVERY_MS + closes, restarts: false };
}

/** A stream always ends as if it had succeeded. */
function broken(ask: Ask, message: string): string {
  return ask.stream && ask.dialect.startsWith("openai-c") ? DONE : brokenFrames(ask, message, true);
}

/** Structured output is collected, and only then sent. */
function replayed(wire: Wire): Wire {
  let kept = "";
  return {
    ...wire,
    piece(piece) {
      kept += wire.piece(piece);
      return "";
    },
    closing: () => kept + wire.closing(),
  };
}

function status({ slots, models, running }: ServerView): unknown {
  return {
    status: "running",
    model: models[0],
    uptime_s: 1,
    steps_executed: 0,
    num_running: slots.busy,
    num_waiting: slots.waiting,
    total_requests_processed: 0,
    metal: {},
    cache: null,
    requests: running.map(({ id, phase, tokens }) => ({ request_id: idFor(id), phase, tokens_generated: tokens })),
  };
}

function cancel(call: Call): Outgoing {
  const [name = ""] = call.path.slice("/v1/requests/".length).split("/");
  if (call.server.cancel((_, known) => known === name) === 0) throw new Refusal(404, `Request ${name} not found`);
  return { body: { request_id: name, status: "cancelled" } };
}
