import { Refusal, type Call, type Outgoing } from "../call.ts";
import { PLAIN_MESSAGES } from "../wire/anthropic-messages.ts";
import { DONE, dataFrame, line, typedFrame } from "../wire/frames.ts";
import { PLAIN_CHAT } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION } from "../wire/openai-completions.ts";
import { PLAIN_RESPONSES } from "../wire/openai-responses.ts";
import type { Ask } from "../ask.ts";
import { NEW_TURN, type Api } from "./api.ts";
import type { Manners } from "./manners.ts";

/** A server that does what most do. The engines say where they differ. */
export const BASE_API: Api = {
  chat: PLAIN_CHAT,
  completions: PLAIN_COMPLETION,
  messages: PLAIN_MESSAGES,
  responses: PLAIN_RESPONSES,
  continuation: () => NEW_TURN,
  check: () => {},
  unknownModel: (model) => new Refusal(404, `The model \`${model}\` does not exist.`, { type: "NotFoundError" }),
  tooLong: (tokens, contextTokens) =>
    new Refusal(400, `This model's maximum context length is ${contextTokens} tokens, but the prompt has ${tokens}.`, {
      type: "BadRequestError",
    }),
  modelName: (ask, server) => (ask.model === "" ? server.models[0]! : ask.model),
  order: () => 0,
  requestName: () => undefined,
  modelKey: () => undefined,
  rewire: (wire) => wire,
};

export const BASE: Omit<Manners, "engine" | "model" | "routes"> = {
  headers: {},
  closes: false,
  streamHead: "arrival",
  wholeHead: "end",
  cache: { keeps: "all", keepsAborted: true },
  batchTokens: 2048,
  timing: { prefillMsPerToken: 0, decodeMsPerToken: 0, loadMs: 0 },
  label: "",
  toolCalls: "offered",
  screenHead: () => undefined,
  screen: screenKey,
  unknown: () => ({ status: 404, body: { detail: "Not Found" } }),
  admit: () => undefined,
  refuse: openAiRefusal,
  notice: () => ({ by: "at-once" }),
  leaks: () => false,
  heartbeat: () => undefined,
  broken: (ask, message) => brokenFrames(ask, message, true),
};

/** A missing or wrong key, of servers that ask for one. */
export function screenKey(call: Call): Outgoing | undefined {
  const { apiKey } = call.server.options;
  if (apiKey === undefined) return undefined;
  const { authorization, "x-api-key": key } = call.served.headers;
  if (authorization === `Bearer ${apiKey}` || key === apiKey) return undefined;
  throw new Refusal(401, "Invalid API Key", { type: "authentication_error" });
}

/** OpenAI's envelope, or Anthropic's on its route. */
export function openAiRefusal(
  { status, message, type = "invalid_request_error", extra }: Refusal,
  call: Call,
): Outgoing {
  if (call.path.startsWith("/v1/messages")) return anthropicRefusal(status, message);
  return { status, body: { error: { message, type, param: null, code: status, ...extra } } };
}

export function anthropicRefusal(status: number, message: string): Outgoing {
  const type = status >= 500 ? "api_error" : status === 404 ? "not_found_error" : "invalid_request_error";
  return { status, body: { type: "error", error: { type, message } } };
}

/** FastAPI's form. */
export function detailRefusal({ status, message, extra }: Refusal): Outgoing {
  return { status, body: { detail: Object.keys(extra).length > 0 ? extra : message } };
}

/** A failure inside a 200: a frame of a stream, or what takes the place of a whole answer. */
export function brokenFrames(ask: Ask, message: string, done: boolean): string {
  const error = { message, type: "server_error", code: 500 };
  if (!ask.stream) return JSON.stringify({ error });
  switch (ask.dialect) {
    case "anthropic-messages":
      return typedFrame({ type: "error", error: { type: "api_error", message } });
    case "openai-responses":
      return typedFrame({ type: "error", code: "server_error", message, param: null });
    case "ollama-chat":
    case "ollama-generate":
      return line({ error: message });
    case "openai-chat":
    case "openai-completions":
    case "llama-completion":
      return dataFrame({ error }) + (done ? DONE : "");
  }
}
