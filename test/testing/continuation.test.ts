import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { startModelServer, type ModelServer } from "../../src/testing/index.ts";
import { ask, post, said, USER, type Json } from "./talk.ts";

const FLAGS = { continue_final_message: true, add_generation_prompt: false };

async function whole(server: ModelServer, body: Json): Promise<string> {
  const answer = (await ask(server, "/v1/chat/completions", { messages: [USER], ...body })).body;
  return (answer["choices"] as { message: { content: string } }[])[0]!.message.content;
}

/** What a stream says for an answer that has begun so. */
async function goOn(server: ModelServer, begun: Json, flags: Json): Promise<string> {
  const messages = [USER, { role: "assistant", ...begun }];
  return (await post(server, "/v1/chat/completions", { messages, stream: true, ...flags })).text();
}

describe("a cut answer goes on exactly where it stopped", () => {
  const ways: [Parameters<typeof startModelServer>[0], flags: Json, begun: Json][] = [
    [{ engine: "llama-server" }, FLAGS, {}],
    [{ engine: "vllm" }, FLAGS, {}],
    [{ engine: "sglang" }, { continue_final_message: true }, {}],
    [{ engine: "omlx" }, {}, { partial: true }],
  ];
  for (const [options, flags, begun] of ways) {
    it(`at ${options!.engine}, without showing its beginning again`, async () => {
      await using server = await startModelServer({ ...options, strict: true });
      const all = await whole(server, {});
      for (const cut of [1, 17, 40, all.length - 1]) {
        const content = all.slice(0, cut);
        assert.equal(content + said(await goOn(server, { content, ...begun }, flags)), all);
      }
    });
  }

  it("in a real hang-up, with the tokens of both runs those of one", async () => {
    await using server = await startModelServer({ engine: "llama-server", answer: { tokens: 60 }, strict: true });
    const all = await whole(server, {});
    const tokens = server.served[0]!.tokens;
    server.pauseTokens();
    const controller = new AbortController();
    const victim = await post(
      server,
      "/v1/chat/completions",
      { messages: [USER], stream: true },
      { signal: controller.signal },
    ).then((response) => response.body!.getReader());
    await server.step(25, 2);
    const frames: string[] = [];
    while (said(frames.join("")) !== server.served[1]!.text) {
      frames.push(Buffer.from((await victim.read()).value ?? []).toString());
    }
    controller.abort();
    await server.when("freed", 2);
    server.resumeTokens();
    const content = said(frames.join(""));
    assert.equal(content + said(await goOn(server, { content }, FLAGS)), all);
    const [, first, second] = server.served;
    assert.equal(first!.tokens, 25);
    assert.equal(first!.tokens + second!.tokens, tokens);
    assert.equal(second!.promptTokens, first!.promptTokens + 25);
    assert.equal(second!.cachedTokens, second!.promptTokens - 1);
  });
});

describe("llama-server", () => {
  const start = (quirks = {}, answer = {}): Promise<ModelServer> =>
    startModelServer({ engine: "llama-server", quirks, answer, strict: true });

  it("shows the beginning again when it continues unasked, and in a whole answer in any case", async () => {
    await using server = await start();
    const all = await whole(server, {});
    const content = all.slice(0, 20);
    assert.equal(said(await goOn(server, { content }, {})), all);
    const messages = [USER, { role: "assistant", content }];
    assert.equal(await whole(server, { messages, ...FLAGS }), all);
    const anthropic = await ask(server, "/v1/messages", { messages, max_tokens: 1000 });
    assert.equal((anthropic.body["content"] as { text: string }[])[0]!.text, all);
  });

  it("needs both flags, one answer at the end, and none with calls", async () => {
    await using server = await start();
    const begun = { role: "assistant", content: "So" };
    const refused = async (messages: Json[], flags: Json): Promise<unknown> => {
      const { status, body } = await ask(server, "/v1/chat/completions", { messages, ...flags });
      assert.equal(status, 400);
      return (body["error"] as Json)["message"];
    };
    assert.match(String(await refused([USER, begun], { continue_final_message: true })), /^Cannot set both/);
    assert.match(String(await refused([USER, begun, begun], FLAGS)), /2 or more assistant messages/);
    const calls = [{ type: "function", function: { name: "f", arguments: "{}" } }];
    assert.match(String(await refused([USER, { ...begun, tool_calls: calls }], FLAGS)), /contains tool calls/);
  });

  it("goes on inside a thought, and behind one", async () => {
    await using server = await start({}, { reasoningTokens: 20 });
    const stream = await (await post(server, "/v1/chat/completions", { messages: [USER], stream: true })).text();
    const [thought, answer] = [said(stream, "reasoning_content"), said(stream)];
    const half = thought.slice(0, 15);
    const inside = await goOn(server, { content: "", reasoning_content: half }, FLAGS);
    assert.equal(half + said(inside, "reasoning_content"), thought);
    assert.equal(said(inside), answer);
    const behind = await goOn(server, { content: answer.slice(0, 9), reasoning_content: thought }, FLAGS);
    assert.equal(answer.slice(0, 9) + said(behind), answer);
    assert.equal(said(behind, "reasoning_content"), "");
  });

  it("goes elsewhere where its template puts an empty thought, which /apply-template shows", async () => {
    await using server = await start({ thinkingTags: true });
    const all = await whole(server, {});
    const content = all.slice(0, 20);
    assert.notEqual(content + said(await goOn(server, { content }, FLAGS)), all);
    const rendered = async (body: Json): Promise<string> =>
      (await ask(server, "/apply-template", body)).body["prompt"] as string;
    const original = await rendered({ messages: [USER] });
    const continued = await rendered({ messages: [USER, { role: "assistant", content }], ...FLAGS });
    assert.notEqual(continued, original + content);
    const raw = await ask(server, "/completion", { prompt: original + content });
    assert.equal(content + (raw.body["content"] as string), all);
  });

  it("continues JSON of a schema", async () => {
    await using server = await start();
    const response_format = { type: "json_object" };
    const all = await whole(server, { response_format });
    const content = all.slice(0, 8);
    assert.equal(content + said(await goOn(server, { content }, { ...FLAGS, response_format })), all);
  });

  it("without the prefill of assistants begins a new turn", async () => {
    await using server = await start({ prefillAssistant: false });
    const all = await whole(server, {});
    assert.notEqual(said(await goOn(server, { content: all.slice(0, 20) }, {})), all);
  });
});

test("Ollama shows the beginning again, or trims it, by who renders the prompt", async () => {
  for (const renderer of ["native", "go"] as const) {
    await using server = await startModelServer({ engine: "ollama", quirks: { renderer }, answer: { tokens: 40 } });
    const body = { model: server.model, stream: false };
    const chat = async (messages: Json[]): Promise<string> =>
      ((await ask(server, "/api/chat", { ...body, messages })).body["message"] as { content: string }).content;
    const all = await chat([USER]);
    const content = all.slice(0, all.indexOf(" ", 20));
    const rest = await chat([USER, { role: "assistant", content }]);
    assert.equal(renderer === "native" ? rest : content + rest, all);
    const spaced = await chat([USER, { role: "assistant", content: `${content} ` }]);
    assert.equal(
      renderer === "native" ? spaced : `${content} ${spaced}`,
      renderer === "native" ? all : `${content} ${rest}`,
    );
  }
});

test("vLLM repeats the beginning when told to, and refuses both flags at once", async () => {
  await using server = await startModelServer({ engine: "vllm" });
  const all = await whole(server, {});
  const content = all.slice(0, 20);
  assert.equal(said(await goOn(server, { content }, { ...FLAGS, echo: true })), all);
  const messages = [USER, { role: "assistant", content }];
  const { status } = await ask(server, "/v1/chat/completions", { messages, continue_final_message: true });
  assert.equal(status, 400);
});

test("mlx_lm, mlx-vlm, vllm-mlx, LM Studio and unknown servers begin another turn", async () => {
  for (const engine of ["mlx-lm", "mlx-vlm", "vllm-mlx", "lm-studio", "plain"] as const) {
    await using server = await startModelServer({ engine, timing: { decodeMsPerToken: 0, prefillMsPerToken: 0 } });
    const all = await whole(server, {});
    const content = all.slice(0, 20);
    assert.notEqual(content + said(await goOn(server, { content }, FLAGS)), all, engine);
  }
});

test("raw completions go on everywhere", async () => {
  for (const engine of ["llama-server", "mlx-lm", "vllm", "sglang", "ollama", "omlx", "plain"] as const) {
    await using server = await startModelServer({ engine });
    const text = async (prompt: string): Promise<string> => {
      const { body } = await ask(server, "/v1/completions", { prompt, max_tokens: 500 });
      return (body["choices"] as { text: string }[])[0]!.text;
    };
    const all = await text("Once upon a time");
    for (const cut of [3, Math.floor(all.length / 2)]) {
      assert.equal(all.slice(0, cut) + (await text(`Once upon a time${all.slice(0, cut)}`)), all, engine);
    }
  }
});
