/** What servers answer to a probe: written after their sources and documentation, shortened to what could matter. */
import type { EngineName } from "../../src/engines/engine-words.ts";
import { modelList, Reply, type Script } from "./scripted-probe.ts";

const fastApi404 = (): Reply => new Reply(404, { detail: "Not Found" });

const LLAMA_404 = { error: { code: 404, message: "File Not Found", type: "not_found_error" } };

export const LLAMA_SERVER: Script = {
  server: "llama.cpp",
  answers: {
    "/": "<!doctype html><html><head><title>llama.cpp</title></head></html>",
    "/health": { status: "ok" },
    "/props": {
      default_generation_settings: { id: 0, n_ctx: 8192, speculative: false },
      total_slots: 4,
      model_path: "/models/qwen3-4b-q4_k_m.gguf",
      build_info: "b6500-abcdef12",
    },
    "/v1/models": {
      models: [{ name: "qwen3-4b", model: "qwen3-4b", type: "model" }],
      ...modelList("llamacpp", "qwen3-4b"),
    },
  },
  others: () => new Reply(404, LLAMA_404),
};

export const LLAMA_SERVER_LOADING: Script = {
  server: "llama.cpp",
  answers: {},
  others: () => new Reply(503, { error: { message: "Loading model", type: "unavailable_error", code: 503 } }),
};

export const LLAMA_ROUTER: Script = {
  ...LLAMA_SERVER,
  answers: {
    ...LLAMA_SERVER.answers,
    "/props": { role: "router", max_instances: 4, models_autoload: true },
    "/v1/models": modelList("llamacpp", "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", "ggml-org/Qwen3-8B-GGUF:Q4_K_M"),
  },
};

export const OLLAMA: Script = {
  answers: {
    "/": "Ollama is running",
    "/api/version": { version: "0.17.1" },
    "/v1/models": modelList("library", "llama3.2:latest", "qwen3:8b"),
    "/api/tags": { models: [{ name: "llama3.2:latest", model: "llama3.2:latest" }] },
  },
  others: () => new Reply(404, "404 page not found"),
};

export const OLLAMA_EMPTY: Script = {
  ...OLLAMA,
  answers: { ...OLLAMA.answers, "/v1/models": { object: "list", data: null }, "/api/tags": { models: [] } },
};

const lmStudio404 = (path: string): object => ({ error: `Unexpected endpoint or method. (GET ${path})` });

const LM_STUDIO_MODEL = {
  type: "llm",
  publisher: "lmstudio-community",
  key: "gemma-3-270m-it-qat",
  architecture: "gemma3",
  format: "gguf",
};

/** Two models are loaded, and an embedding model, which has no `parallel`. */
export const LM_STUDIO: Script = {
  answers: {
    "/api/v1/models": {
      models: [
        {
          ...LM_STUDIO_MODEL,
          loaded_instances: [{ id: "gemma-3-270m-it-qat", config: { context_length: 4096, parallel: 4 } }],
        },
        {
          ...LM_STUDIO_MODEL,
          key: "qwen3-8b",
          loaded_instances: [{ id: "qwen3-8b", config: { context_length: 8192, parallel: 2 } }],
        },
        {
          type: "embedding",
          key: "text-embedding-nomic-embed-text-v1.5",
          loaded_instances: [{ id: "text-embedding-nomic-embed-text-v1.5", config: { context_length: 2048 } }],
        },
        { ...LM_STUDIO_MODEL, key: "not-loaded", loaded_instances: [] },
      ],
    },
    "/v1/models": modelList("organization_owner", "gemma-3-270m-it-qat", "qwen3-8b"),
  },
  others: lmStudio404,
};

/** A version before 0.4, which has no /api/v1; it answers 200 all the same. */
export const LM_STUDIO_OLD: Script = {
  answers: { "/v1/models": modelList("organization_owner", "qwen3-8b") },
  others: lmStudio404,
};

export const LM_STUDIO_EMPTY: Script = {
  answers: { "/api/v1/models": { models: [] }, "/v1/models": { object: "list", data: [] } },
  others: lmStudio404,
};

export const MLX_LM: Script = {
  server: "BaseHTTP/0.6 Python/3.12.4",
  answers: {
    "/health": { status: "ok" },
    "/v1/models": modelList(undefined, "mlx-community/Qwen3-4B-4bit"),
  },
  others: () => new Reply(404, "Not Found"),
};

/** The list of models takes too long. */
export const MLX_LM_SLOW_LIST: Script = {
  server: "BaseHTTP/0.6 Python/3.12.4",
  answers: { "/health": { status: "ok" }, "/": new Reply(404, "Not Found") },
};

export const MLX_VLM: Script = {
  server: "uvicorn, mlx_vlm/0.6.15",
  answers: {
    "/health": { status: "healthy", loaded_model: null },
    "/v1/models": modelList(undefined, "mlx-community/Qwen2.5-VL-3B-Instruct-4bit"),
  },
  others: fastApi404,
};

export const VLLM_MLX: Script = {
  server: "uvicorn",
  answers: {
    "/health": { status: "healthy", model_loaded: true, engine_type: "simple" },
    "/v1/models": modelList("vllm-mlx", "mlx-community/Llama-3.2-3B-Instruct-4bit"),
    "/v1/status": { status: "running", model: "m", num_running: 0, num_waiting: 0, requests: [] },
  },
  others: fastApi404,
};

export const VLLM_MLX_NOT_LOADED: Script = {
  ...VLLM_MLX,
  answers: {
    "/health": { status: "healthy", model_loaded: false },
    "/v1/models": { object: "list", data: [] },
    "/v1/status": { status: "not_loaded", model: null, requests: [] },
  },
};

const OMLX_STATUS = { models_loaded: 1, loaded_models: ["m"], active_requests: 0, waiting_requests: 0 };

export const OMLX: Script = {
  server: "uvicorn",
  answers: {
    "/health": { status: "healthy" },
    "/api/status": OMLX_STATUS,
    "/v1/models": modelList("omlx", "Qwen3-8B-4bit"),
  },
  others: fastApi404,
};

export const OMLX_EMPTY: Script = {
  ...OMLX,
  answers: {
    "/health": { status: "healthy" },
    "/api/status": { ...OMLX_STATUS, models_loaded: 0, loaded_models: [] },
    "/v1/models": { object: "list", data: [] },
  },
};

export const VLLM: Script = {
  server: "uvicorn",
  answers: {
    "/health": "",
    "/version": { version: "0.11.0" },
    "/v1/models": modelList("vllm", "Qwen/Qwen3-8B"),
  },
  others: fastApi404,
};

/** Its key guards /v1 alone. */
export const VLLM_WITHOUT_KEY: Script = {
  ...VLLM,
  answers: { ...VLLM.answers, "/v1/models": new Reply(401, { error: "Unauthorized" }) },
};

const SGLANG_INFO = { model_path: "Qwen/Qwen3-8B", tokenizer_path: "Qwen/Qwen3-8B", is_generation: true };
const SGLANG_STATE = { last_gen_throughput: 149.6, effective_max_running_requests_per_dp: 128 };

/** It speaks Ollama's protocol too. */
export const SGLANG: Script = {
  server: "uvicorn",
  answers: {
    "/": "Ollama is running",
    "/health": "",
    "/model_info": SGLANG_INFO,
    "/get_model_info": SGLANG_INFO,
    "/server_info": {
      enable_priority_scheduling: false,
      internal_states: [SGLANG_STATE, SGLANG_STATE],
      version: "0.5.9",
    },
    "/v1/models": modelList("sglang", "Qwen/Qwen3-8B"),
    "/api/tags": { models: [{ name: "Qwen/Qwen3-8B", model: "Qwen/Qwen3-8B" }] },
  },
  others: fastApi404,
};

/** A version with the older names only, and a front page of nobody's. */
export const SGLANG_OLD: Script = {
  server: "uvicorn",
  answers: {
    "/get_model_info": SGLANG_INFO,
    "/get_server_info": { internal_states: [SGLANG_STATE], version: "0.4.6" },
    "/v1/models": modelList("sglang", "Qwen/Qwen3-8B"),
  },
  others: fastApi404,
};

/** An OpenAI-style server of no known make. */
export const PLAIN: Script = {
  server: "uvicorn",
  answers: { "/v1/models": modelList("somebody", "some-model"), "/health": { status: "ok" } },
  others: fastApi404,
};

/** Every server by name, with what it must be taken for. */
export const SERVERS: Readonly<Record<string, readonly [EngineName, Script]>> = {
  "llama-server": ["llama-server", LLAMA_SERVER],
  "llama-server while it loads": ["llama-server", LLAMA_SERVER_LOADING],
  "llama-server as a router": ["llama-server", LLAMA_ROUTER],
  "llama-server behind nginx": ["llama-server", { ...LLAMA_SERVER, server: "nginx" }],
  "llama-server behind nginx while it loads": ["llama-server", { ...LLAMA_SERVER_LOADING, server: "nginx" }],
  Ollama: ["ollama", OLLAMA],
  "Ollama without a model": ["ollama", OLLAMA_EMPTY],
  "LM Studio": ["lm-studio", LM_STUDIO],
  "LM Studio before 0.4": ["lm-studio", LM_STUDIO_OLD],
  "LM Studio without a model": ["lm-studio", LM_STUDIO_EMPTY],
  mlx_lm: ["mlx-lm", MLX_LM],
  "mlx_lm with a slow list of models": ["mlx-lm", MLX_LM_SLOW_LIST],
  "mlx-vlm": ["mlx-vlm", MLX_VLM],
  "vllm-mlx": ["vllm-mlx", VLLM_MLX],
  "vllm-mlx with no model loaded": ["vllm-mlx", VLLM_MLX_NOT_LOADED],
  oMLX: ["omlx", OMLX],
  "oMLX without a model": ["omlx", OMLX_EMPTY],
  vLLM: ["vllm", VLLM],
  "vLLM without its key": ["vllm", VLLM_WITHOUT_KEY],
  SGLang: ["sglang", SGLANG],
  "SGLang of old": ["sglang", SGLANG_OLD],
  "a server of no known make": ["unknown", PLAIN],
};
