import assert from "node:assert/strict";
import { test } from "node:test";
import { startModelServer, type ModelServer } from "../../src/testing/index.ts";
import { ask, get, post, said, USER, type Json } from "./talk.ts";

const LABEL = "[simulated by headgate: no model server was found] ";

function start(): Promise<ModelServer> {
  return startModelServer({ engine: "simulated", timing: { prefillMsPerToken: 0, decodeMsPerToken: 0 }, strict: true });
}

test("every answer begins with the label, in every dialect, whatever is asked for", async () => {
  await using server = await start();
  const messages = [USER];
  const texts = async (body: Json): Promise<string[]> => {
    const chat = (await ask(server, "/v1/chat/completions", { messages, ...body })).body["choices"] as {
      message: Json;
    }[];
    const text = (await ask(server, "/v1/completions", { prompt: "x", ...body })).body["choices"] as { text: string }[];
    const anthropic = (await ask(server, "/v1/messages", { messages, ...body })).body["content"] as { text: string }[];
    const ollama = (await ask(server, "/api/chat", { messages, model: "any", stream: false })).body["message"] as Json;
    const generate = (await ask(server, "/api/generate", { prompt: "x", model: "any", stream: false })).body[
      "response"
    ];
    const responses = (await ask(server, "/v1/responses", { input: "x" })).body["output"] as {
      content: { text: string }[];
    }[];
    const streamed = said(
      await (await post(server, "/v1/chat/completions", { messages, stream: true, ...body })).text(),
    );
    return [
      ...[chat[0]!.message["content"], text[0]!.text, anthropic[0]!.text, ollama["content"], generate].map(String),
      responses[0]!.content[0]!.text,
      streamed,
    ];
  };
  for (const body of [{ max_tokens: 300 }, { max_tokens: 1 }, { max_tokens: 300, stop: ["headgate", " "] }]) {
    for (const text of await texts(body)) assert.ok(text.startsWith(LABEL), text);
  }
});

test("every answer bears the header and the model's own name, whichever was asked for", async () => {
  await using server = await start();
  for (const path of ["/", "/health", "/v1/models", "/api/tags", "/nowhere"]) {
    assert.equal((await get(server, path)).response.headers.get("x-headgate-simulated"), "true", path);
  }
  const response = await post(server, "/v1/chat/completions", { model: "gpt-5", messages: [USER], stream: true });
  assert.equal(response.headers.get("x-headgate-simulated"), "true");
  const text = await response.text();
  assert.ok(text.includes('"model":"headgate-simulated"') && !text.includes("gpt-5"));
  const ollama = await ask(server, "/api/chat", { model: "llama3", messages: [USER], stream: false });
  assert.equal(ollama.body["model"], "headgate-simulated");
});

test("tools that are merely offered are not called", async () => {
  await using server = await start();
  const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
  const offered = await ask(server, "/v1/chat/completions", { messages: [USER], tools });
  assert.equal((offered.body["choices"] as Json[])[0]!["finish_reason"], "stop");
});
