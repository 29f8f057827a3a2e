import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recognise, type Recognised, type Route } from "../../src/protocol/route.ts";

function routeOf(path: string): Route | undefined {
  const recognised = recognise("POST", path);
  return recognised.kind === "work" ? recognised.route : undefined;
}

/** Path, then dialect, family, work, default of `stream`, body. */
const WORK: Record<string, [Route["dialect"], Route["family"], Route["work"], boolean, Route["body"]]> = {
  "/v1/chat/completions": ["openai-chat", "openai", "generate", false, "json"],
  "/chat/completions": ["openai-chat", "openai", "generate", false, "json"],
  "/v1/completions": ["openai-completions", "openai", "generate", false, "json"],
  "/v1/responses": ["openai-responses", "openai", "generate", false, "json"],
  "/responses": ["openai-responses", "openai", "generate", false, "json"],
  "/v1/embeddings": ["openai-embeddings", "openai", "compute", false, "json"],
  "/v1/messages": ["anthropic-messages", "anthropic", "generate", false, "json"],
  "/api/chat": ["ollama-chat", "ollama", "generate", true, "json"],
  "/api/generate": ["ollama-generate", "ollama", "generate", true, "json"],
  "/api/embed": ["ollama-embed", "ollama", "compute", false, "json"],
  "/api/embeddings": ["ollama-embed", "ollama", "compute", false, "json"],
  "/completion": ["llama-completion", "llama", "generate", false, "json"],
  "/completions": ["llama-completion", "llama", "generate", false, "json"],
  "/infill": ["llama-completion", "llama", "generate", false, "json"],
  "/embedding": ["openai-embeddings", "llama", "compute", false, "json"],
  "/embeddings": ["openai-embeddings", "llama", "compute", false, "json"],
  "/v1/rerank": ["rerank", "openai", "compute", false, "json"],
  "/v2/rerank": ["rerank", "openai", "compute", false, "json"],
  "/rerank": ["rerank", "openai", "compute", false, "json"],
  "/reranking": ["rerank", "openai", "compute", false, "json"],
  "/v1/reranking": ["rerank", "openai", "compute", false, "json"],
  "/score": ["rerank", "openai", "compute", false, "json"],
  "/v1/audio/transcriptions": ["opaque", "openai", "compute", false, "opaque"],
  "/v1/audio/translations": ["opaque", "openai", "compute", false, "opaque"],
  "/v1/audio/speech": ["opaque", "openai", "compute", false, "json"],
  "/v1/images/generations": ["opaque", "openai", "compute", false, "json"],
  "/api/v1/chat": ["opaque", "openai", "generate", false, "json"],
  "/generate": ["opaque", "openai", "generate", false, "json"],
};

describe("recognise", () => {
  for (const [path, [dialect, family, work, streamDefault, body]] of Object.entries(WORK)) {
    it(`POST ${path} is work for the model, ${dialect}`, () => {
      assert.deepEqual(routeOf(path), { dialect, family, work, streamDefault, body });
    });
  }

  it("knows a route below another prefix and in every spelling that a server takes for it", () => {
    const spellings = [
      "/engines/llama.cpp/v1/chat/completions",
      "/api/v0/chat/completions",
      "/openai/v1/chat/completions",
      "//v1//chat/completions",
      "/v1/chat/completions/",
      "/v1/chat/%63ompletions",
      "/V1/Chat/Completions",
    ];
    for (const path of spellings) assert.equal(routeOf(path)?.dialect, "openai-chat", path);
  });

  it("lets everything pass that generates nothing", () => {
    const requests = [
      "POST /v1/messages/count_tokens",
      "POST /v1/messages/batches",
      "POST /v1/threads/t1/messages",
      "POST /v1/chat/completions/control",
      "POST /v1/chat/completions/input_tokens",
      "POST /v1/responses/resp_1/cancel",
      "GET /v1/responses/resp_1",
      "POST /tokenize",
      "POST /apply-template",
      "POST /api/show",
      "POST /api/pull",
      "POST /api/blobs/sha256:0",
      "POST /models/load",
      "GET /models/sse",
      "GET /v1/chat/completions",
      "OPTIONS /v1/chat/completions",
      "GET /health",
      "GET /",
      "POST /%E0%A4%A",
      "POST /constructor",
    ];
    for (const request of requests) {
      const [method = "", path = ""] = request.split(" ");
      assert.deepEqual(recognise(method, path), { kind: "pass" }, request);
    }
  });

  it("knows the lists of models, and the model that is asked for, with slashes and encoded", () => {
    const models: Record<string, Recognised> = {
      "/v1/models": { kind: "models", family: "openai", path: "/v1/models" },
      "/v1/models/": { kind: "models", family: "openai", path: "/v1/models/" },
      "/models": { kind: "models", family: "openai", path: "/models" },
      "/api/tags": { kind: "models", family: "ollama", path: "/api/tags" },
      "/api/ps": { kind: "models", family: "ollama", path: "/api/ps" },
      "/v1/models/org/Name": { kind: "models", family: "openai", path: "/v1/models/org/Name", model: "org/Name" },
      "/v1/models/a%40b": { kind: "models", family: "openai", path: "/v1/models/a%40b", model: "a@b" },
    };
    for (const [path, expected] of Object.entries(models)) assert.deepEqual(recognise("GET", path), expected, path);
    assert.deepEqual(recognise("GET", "/api/v1/models"), { kind: "pass" });
    assert.deepEqual(recognise("HEAD", "/v1/models"), { kind: "pass" });
  });
});
