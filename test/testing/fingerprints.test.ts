import assert from "node:assert/strict";
import { test } from "node:test";
import { startModelServer, type ModelServerOptions } from "../../src/testing/index.ts";
import { ask, get, type Json } from "./talk.ts";

async function json(
  options: ModelServerOptions,
  path: string,
): Promise<{ status: number; headers: Headers; body: Json }> {
  await using server = await startModelServer(options);
  const { response, text } = await get(server, path);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Json };
}

test("llama-server: its header, its slots, its health", async () => {
  const props = await json({ engine: "llama-server", slots: 3 }, "/props");
  assert.equal(props.headers.get("server"), "llama.cpp");
  assert.equal(props.body["total_slots"], 3);
  assert.ok("build_info" in props.body);
  assert.deepEqual((await json({ engine: "llama-server" }, "/health")).body, { status: "ok" });
  assert.equal(((await json({ engine: "llama-server", slots: 3 }, "/slots")).body as unknown as Json[]).length, 3);
  assert.equal((await json({ engine: "llama-server" }, "/nowhere")).status, 404);
});

test("llama-server as a router has slots only where a model is named", async () => {
  const router = { engine: "llama-server", slots: 2, quirks: { router: true } } as const;
  const { body } = await json(router, "/props");
  assert.equal(body["role"], "router");
  assert.ok(!("total_slots" in body));
  assert.equal((await json(router, "/props?model=any")).body["total_slots"], 2);
});

test("llama-server says 503 on every path while it loads, and no slot when asked for one", async () => {
  await using server = await startModelServer({ engine: "llama-server", loading: true });
  for (const path of ["/health", "/props", "/v1/models"]) {
    const { response, text } = await get(server, path);
    assert.equal(response.status, 503);
    const error = { message: "Loading model", type: "unavailable_error", code: 503 };
    assert.deepEqual(JSON.parse(text), { error });
  }
  server.loading = false;
  assert.equal((await get(server, "/health")).response.status, 200);
  server.pauseTokens();
  void ask(server, "/completion", { prompt: "x" }).catch(() => {});
  await server.when("started");
  assert.equal((await get(server, "/slots?fail_on_no_slot=1")).response.status, 503);
  assert.match((await get(server, "/metrics")).text, /llamacpp:requests_processing 1/);
});

test("Ollama: a word at its root, a version, and nothing of its slots", async () => {
  await using server = await startModelServer({ engine: "ollama" });
  assert.equal((await get(server, "/")).text, "Ollama is running");
  assert.match((await get(server, "/api/version")).text, /version/);
  assert.equal((await get(server, "/props")).response.status, 404);
});

test("mlx_lm: HTTP/1.0, Python's header, and an empty health that is always well", async () => {
  await using server = await startModelServer({ engine: "mlx-lm", loading: true });
  const { response, text } = await get(server, "/health");
  assert.match(response.headers.get("server")!, /^BaseHTTP\/\S+ Python\//);
  assert.equal(text, '{"status": "ok"}');
});

test("mlx_vlm: a header of its own", async () => {
  assert.match((await json({ engine: "mlx-vlm" }, "/health")).headers.get("server")!, /^mlx_vlm\//);
});

test("vllm-mlx, oMLX and vLLM: each a route that no other has", async () => {
  assert.equal((await json({ engine: "vllm-mlx" }, "/v1/status")).body["num_running"], 0);
  assert.equal((await json({ engine: "omlx" }, "/api/status")).body["active_requests"], 0);
  assert.ok("version" in (await json({ engine: "vllm" }, "/version")).body);
  for (const [engine, path] of [
    ["vllm", "/v1/status"],
    ["vllm-mlx", "/api/status"],
    ["omlx", "/version"],
  ] as const) {
    assert.equal((await json({ engine }, path)).status, 404);
  }
});

test("owners of models tell oMLX, vLLM and SGLang", async () => {
  for (const engine of ["omlx", "vllm", "sglang"] as const) {
    const { data } = (await json({ engine }, "/v1/models")).body as { data: { owned_by: string }[] };
    assert.equal(data[0]!.owned_by, engine);
  }
});

test("vLLM shows its capacity in dev mode only; SGLang and LM Studio always", async () => {
  assert.equal((await json({ engine: "vllm" }, "/server_info?config_format=json")).status, 404);
  const dev = await json({ engine: "vllm", slots: 5, quirks: { devMode: true } }, "/server_info?config_format=json");
  const config = dev.body["vllm_config"] as { scheduler_config: { max_num_seqs: number } };
  assert.equal(config.scheduler_config.max_num_seqs, 5);
  const sglang = (await json({ engine: "sglang", slots: 6 }, "/get_server_info")).body["internal_states"] as Json[];
  assert.equal(sglang[0]!["effective_max_running_requests_per_dp"], 6);
  const studio = (await json({ engine: "lm-studio", slots: 4 }, "/api/v1/models")).body as {
    models: { loaded_instances: { config: { parallel: number } }[] }[];
  };
  assert.equal(studio.models[0]!.loaded_instances[0]!.config.parallel, 4);
});

test("LM Studio calls a path that it does not have no error", async () => {
  const { status, body } = await json({ engine: "lm-studio" }, "/props");
  assert.equal(status, 200);
  assert.match(String(body["error"]), /^Unexpected endpoint or method/);
});

test("a key is asked for where one is set, and refused in the engine's form", async () => {
  await using server = await startModelServer({ engine: "llama-server", apiKey: "secret" });
  assert.equal((await get(server, "/health")).response.status, 200);
  assert.equal((await get(server, "/props")).response.status, 401);
  const headers = { authorization: "Bearer secret" };
  assert.equal((await fetch(`${server.url}/props`, { headers })).status, 200);
});

test("a bad body, a model it lacks and a prompt that is too long are refused as the engine refuses them", async () => {
  const long = { messages: [{ role: "user", content: "word ".repeat(200) }] };
  const options = { contextTokens: 100, unknownModels: "refuse" } as const;
  await using llama = await startModelServer({ engine: "llama-server", ...options });
  const { body } = await ask(llama, "/v1/chat/completions", long);
  const error = body["error"] as Json;
  assert.equal(error["type"], "exceed_context_size_error");
  assert.equal(error["n_ctx"], 100);
  assert.ok((error["n_prompt_tokens"] as number) > 200);
  await using vllm = await startModelServer({ engine: "vllm", ...options });
  assert.equal((await ask(vllm, "/v1/chat/completions", long)).status, 400);
  assert.equal((await ask(vllm, "/v1/chat/completions", { ...long, model: "nobody" })).status, 404);
  const bad = await fetch(`${vllm.url}/v1/chat/completions`, { method: "POST", body: "{" });
  assert.equal(bad.status, 400);
});
