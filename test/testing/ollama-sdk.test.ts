import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ollama } from "ollama";
import { startModelServer } from "../../src/testing/index.ts";
import { ask, get } from "./talk.ts";

const MESSAGES = [{ role: "user", content: "Which way does the queue go?" }];

for (const engine of ["ollama", "simulated"] as const) {
  describe(`the Ollama client and ${engine}`, () => {
    const start = (answer = {}): ReturnType<typeof startModelServer> =>
      startModelServer({ engine, answer, timing: { prefillMsPerToken: 0, decodeMsPerToken: 0 }, strict: true });

    it("chat: a stream says what the whole answer says, and ends with the counts", async () => {
      await using server = await start({ reasoningTokens: 6 });
      const ollama = new Ollama({ host: server.url });
      const whole = await ollama.chat({ model: server.model, messages: MESSAGES });
      const lines = await Array.fromAsync(await ollama.chat({ model: server.model, messages: MESSAGES, stream: true }));
      assert.equal(lines.map(({ message }) => message.content).join(""), whole.message.content);
      assert.equal(lines.map(({ message }) => message.thinking ?? "").join(""), whole.message.thinking);
      assert.deepEqual(
        lines.map(({ done }) => done),
        [...lines.slice(1).map(() => false), true],
      );
      assert.equal(lines.at(-1)!.done_reason, "stop");
      assert.equal(lines.at(-1)!.eval_count, whole.eval_count);
      assert.equal(lines.at(-1)!.prompt_eval_count, whole.prompt_eval_count);
    });

    it("generate, embed, embeddings, list, show and version answer in their own form", async () => {
      await using server = await start();
      const ollama = new Ollama({ host: server.url });
      const model = server.model;
      const whole = await ollama.generate({ model, prompt: "Once" });
      const lines = await Array.fromAsync(await ollama.generate({ model, prompt: "Once", stream: true }));
      assert.equal(lines.map(({ response }) => response).join(""), whole.response);
      const limited = await ollama.generate({ model, prompt: "Once", options: { num_predict: 3 } });
      assert.equal(limited.done_reason, "length");
      const { embeddings } = await ollama.embed({ model, input: ["a", "b"] });
      const { embedding } = await ollama.embeddings({ model, prompt: "a" });
      assert.deepEqual(embeddings[0], embedding);
      assert.equal((await ollama.list()).models[0]!.name, model);
      assert.ok((await ollama.show({ model })).capabilities.includes("completion"));
    });
  });
}

describe("Ollama", () => {
  it("streams unless told not to", async () => {
    await using server = await startModelServer({ engine: "ollama" });
    const streamed = await fetch(`${server.url}/api/chat`, {
      method: "POST",
      body: JSON.stringify({ model: server.model, messages: MESSAGES }),
    });
    assert.equal(streamed.headers.get("content-type"), "application/x-ndjson");
    assert.ok((await streamed.text()).split("\n").length > 5);
  });

  it("loads and unloads a model for an empty prompt, without a slot", async () => {
    await using server = await startModelServer({ engine: "ollama" });
    const model = server.model;
    assert.equal(
      ((await get(server, "/api/ps")).text, JSON.parse((await get(server, "/api/ps")).text) as { models: [] }).models
        .length,
      0,
    );
    const load = await ask(server, "/api/generate", { model });
    assert.equal(load.body["done_reason"], "load");
    assert.equal(server.loads, 1);
    assert.match((await get(server, "/api/ps")).text, /simulated:latest/);
    const unload = await ask(server, "/api/chat", { model, messages: [], keep_alive: 0 });
    assert.equal(unload.body["done_reason"], "unload");
    assert.ok(server.served.every(({ isWork }) => !isWork));
  });

  it("loads again for another context size", async () => {
    await using server = await startModelServer({ engine: "ollama" });
    const body = { model: server.model, messages: MESSAGES, stream: false };
    await ask(server, "/api/chat", body);
    await ask(server, "/api/chat", body);
    assert.equal(server.loads, 1);
    await ask(server, "/api/chat", { ...body, options: { num_ctx: 8192 } });
    assert.equal(server.loads, 2);
  });

  it("renders a prompt that raw generation goes on from", async () => {
    await using server = await startModelServer({ engine: "ollama" });
    const body = { model: server.model, messages: MESSAGES, stream: false };
    const whole = ((await ask(server, "/api/chat", body)).body["message"] as { content: string }).content;
    const debug = (await ask(server, "/api/chat", { ...body, _debug_render_only: true })).body["_debug_info"];
    const prompt = (debug as { rendered_template: string }).rendered_template + whole.slice(0, 20);
    const rest = await ask(server, "/api/generate", { model: server.model, prompt, raw: true, stream: false });
    assert.equal(whole.slice(0, 20) + (rest.body["response"] as string), whole);
  });

  it("counts an upload without keeping it", async () => {
    await using server = await startModelServer({ engine: "ollama" });
    const body = Buffer.alloc(3_000_000);
    const response = await fetch(`${server.url}/api/blobs/sha256:0`, { method: "POST", body });
    assert.equal(response.status, 201);
    assert.equal(server.served[0]!.bodyBytes, body.byteLength);
    assert.equal(server.served[0]!.body.byteLength, 0);
  });

  it("says in its own form, in each dialect, what it does not have", async () => {
    await using server = await startModelServer({ engine: "ollama", unknownModels: "refuse" });
    const native = await ask(server, "/api/chat", { model: "nobody", messages: MESSAGES });
    assert.deepEqual(native, { status: 404, body: { error: "model 'nobody' not found" } });
    const openai = await ask(server, "/v1/chat/completions", { model: "nobody", messages: MESSAGES });
    assert.equal((openai.body["error"] as { type: string }).type, "not_found_error");
    const anthropic = await ask(server, "/v1/messages", { model: "nobody", messages: MESSAGES, max_tokens: 1 });
    assert.equal(anthropic.body["type"], "error");
  });
});
