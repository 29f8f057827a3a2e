import type { Ask } from "../ask.ts";
import { Refusal, type Call, type ComputeTask, type Outgoing, type ServerView, type Task } from "../call.ts";
import { listOf, textOf, type Json } from "../fields.ts";
import { readOllamaChat, readOllamaGenerate } from "../read/ollama.ts";
import { inputsOf, tokensIn, vectorOf } from "../wire/vectors.ts";
import { generate, promptsOf, type Api } from "./api.ts";
import type { Route } from "./manners.ts";
import { get, post } from "./routes.ts";

const DETAILS = {
  parent_model: "",
  format: "gguf",
  family: "simulated",
  families: ["simulated"],
  parameter_size: "1B",
  quantization_level: "Q4_K_M",
};

const LONG_AGO = "2026-01-01T00:00:00Z";

/** Ollama's own routes, of its `routes.go`. */
export function ollamaRoutes(api: Api): Route[] {
  return [
    { method: "GET", path: "/", handle: () => ({ body: "Ollama is running" }) },
    get("/api/version", () => ({ version: "0.21.0" })),
    get("/api/tags", ({ models }) => ({ models: models.map(entry) })),
    get("/api/ps", running),
    ...post(["/api/show"], ({ server }) => ({
      body: {
        details: DETAILS,
        model_info: { "general.architecture": "simulated", "simulated.context_length": server.options.contextTokens },
        capabilities: ["completion", "tools"],
        template: "{{ .Prompt }}",
        modified_at: LONG_AGO,
      },
    })),
    ...post(["/api/chat"], (call) => chat(api, call)),
    ...post(["/api/generate"], (call) => completion(api, call)),
    ...post(["/api/embed"], (call) => embed(call, (vectors) => ({ embeddings: vectors }))),
    ...post(["/api/embeddings"], (call) => embed(call, ([vector = []]) => ({ embedding: vector }))),
    ...post(["/api/pull"], () => ({
      body: '{"status":"success"}\n',
      headers: { "Content-Type": "application/x-ndjson" },
    })),
    { method: "POST", path: "/api/blobs/*", upload: true, handle: () => ({ status: 201, body: "" }) },
    { method: "HEAD", path: "/api/blobs/*", handle: () => ({ status: 404, body: "" }) },
  ];
}

function chat(api: Api, call: Call): Task | Outgoing {
  const body = call.json();
  if (textOf(body["model"]) === undefined) throw new Refusal(400, "model is required");
  const ask = readOllamaChat(body);
  if (listOf(body["messages"]).length > 0) return work(api, call, ask);
  return loadOrUnload(api, call, ask, { message: { role: "assistant", content: "" } });
}

function completion(api: Api, call: Call): Task | Outgoing {
  const body = call.json();
  const ask = readOllamaGenerate(body);
  if ((textOf(body["prompt"]) ?? "") !== "" || listOf(body["images"]).length > 0) return work(api, call, ask);
  return loadOrUnload(api, call, ask, { response: "" });
}

/** The rendered prompt instead of an answer, if that is asked for. */
function work(api: Api, call: Call, ask: Ask): Task | Outgoing {
  if (ask.body["_debug_render_only"] !== true) return generate(api, call, ask);
  const info = { rendered_template: promptsOf(api, ask, call.server)[0]!.text, image_count: 0 };
  return { body: { model: ask.model, created_at: new Date().toISOString(), _debug_info: info } };
}

/** An empty prompt loads the model, or unloads it when it is to be kept for no time. */
function loadOrUnload(api: Api, { server }: Call, ask: Ask, said: Json): Outgoing {
  const unloads = ask.body["keep_alive"] === 0 || ask.body["keep_alive"] === "0";
  server.load(unloads ? undefined : api.modelKey(ask, server));
  const done_reason = unloads ? "unload" : "load";
  return { body: { model: ask.model, created_at: new Date().toISOString(), ...said, done: true, done_reason } };
}

function embed(call: Call, form: (vectors: number[][]) => Json): ComputeTask {
  const body = call.json();
  const texts = inputsOf(body);
  const tokens = tokensIn(texts);
  const vectors = texts.map((text) => vectorOf(text, call.server.options.embeddingDimensions));
  const counts = { total_duration: 0, load_duration: 0, prompt_eval_count: tokens };
  return {
    kind: "compute",
    tokens,
    answer: () => ({ body: { model: textOf(body["model"]) ?? call.server.models[0], ...form(vectors), ...counts } }),
  };
}

function running({ modelKey, options }: ServerView): Json {
  if (modelKey === undefined) return { models: [] };
  const name = modelKey.split(" ")[0]!;
  return {
    models: [{ ...entry(name), expires_at: LONG_AGO, size_vram: 1_000_000, context_length: options.contextTokens }],
  };
}

function entry(name: string): Json {
  return { name, model: name, modified_at: LONG_AGO, size: 1_000_000, digest: "0".repeat(64), details: DETAILS };
}
