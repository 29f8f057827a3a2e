import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it, test } from "node:test";
import { startModelServer, type ModelServer, type SimulatedEngine } from "../../src/testing/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ask, call, events, post, said, USER, type Json } from "./talk.ts";

const CHAT = { messages: [USER], stream: true };

async function streamed(server: ModelServer, body: Json, path = "/v1/chat/completions"): Promise<string> {
  return (await post(server, path, { ...CHAT, ...body })).text();
}

/** Sends bytes and gives back all that comes until the server closes. */
async function raw(server: ModelServer, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.on("error", reject);
  socket.on("close", () => resolve(text));
  return promise;
}

describe("llama-server", () => {
  const start = (): Promise<ModelServer> => startModelServer({ engine: "llama-server", batchTokens: 10, strict: true });

  it("ends chat and completions with [DONE], and nothing else", async () => {
    await using server = await start();
    const paths: [string, Json, boolean][] = [
      ["/v1/chat/completions", CHAT, true],
      ["/v1/completions", { prompt: "x", stream: true }, true],
      ["/completion", { prompt: "x", stream: true }, false],
      ["/v1/responses", { input: "x", stream: true }, false],
      ["/v1/messages", { ...CHAT, max_tokens: 9 }, false],
    ];
    for (const [path, body, done] of paths) {
      const text = await (await post(server, path, body)).text();
      assert.equal(text.endsWith("data: [DONE]\n\n"), done, path);
      assert.equal(text.includes("[DONE]"), done, path);
    }
  });

  it("sends the headers of a stream when its slot begins", async () => {
    await using server = await startModelServer({ engine: "llama-server", batchTokens: 10 });
    server.pausePrefill();
    const first = await post(server, "/v1/chat/completions", CHAT);
    assert.equal(first.status, 200);
    let headed = false;
    const second = post(server, "/v1/chat/completions", CHAT).then((response) => {
      headed = true;
      return response;
    });
    await server.when("queued", 2);
    await server.stepPrefill(2, 1);
    assert.equal(headed, false);
    server.resumePrefill();
    await first.text();
    await (await second).text();
  });

  it("begins with a role that has no content", async () => {
    await using server = await start();
    const [first] = events(await streamed(server, {})) as [{ choices: { delta: Json }[] }];
    assert.deepEqual(first.choices[0]!.delta, { role: "assistant", content: null });
  });

  it("tells how far it has read when asked, in every dialect that has a place for it", async () => {
    await using server = await start();
    const long = {
      messages: [{ role: "user", content: "word ".repeat(40) }],
      prompt: "word ".repeat(40),
      input: "word ".repeat(40),
    };
    for (const path of ["/v1/chat/completions", "/v1/completions", "/completion", "/v1/responses"]) {
      const all = events(await streamed(server, { ...long, return_progress: true, cache_prompt: false }, path));
      const told = all.flatMap<Json>((event) =>
        event === "[DONE]" ? [] : ((event["prompt_progress"] as Json | undefined) ?? []),
      );
      assert.ok(told.length >= 2, path);
      assert.equal(told.at(-1)!["processed"], told.at(-1)!["total"], path);
      const untold = await streamed(server, long, path);
      assert.ok(!untold.includes("prompt_progress"), path);
    }
  });

  it("counts in its timings what its deltas do not show", async () => {
    await using server = await start();
    const all = events(await streamed(server, { timings_per_token: true }));
    const counts = all.flatMap((event) =>
      event === "[DONE]" ? [] : ((event["timings"] as { predicted_n: number } | undefined)?.predicted_n ?? []),
    );
    const deltas = said(await streamed(server, {}));
    assert.ok(deltas.length > 0);
    assert.equal(counts.at(-1), server.served[0]!.tokens);
    assert.ok(counts.length - 1 < counts.at(-1)!, "some tokens show nothing");
    const plain = events(await streamed(server, {}));
    assert.equal(plain.filter((event) => event !== "[DONE]" && "timings" in event).length, 1);
  });

  it("remembers a prompt it has read, aborted or not", async () => {
    await using server = await start();
    await streamed(server, {});
    await streamed(server, {});
    const [first, second] = server.served;
    assert.equal(first!.cachedTokens, 0);
    assert.equal(second!.cachedTokens, second!.promptTokens - 1);
  });

  it("sends a comment into every silence of half a minute", async () => {
    const clock = new ManualClock();
    await using server = await startModelServer({ engine: "llama-server", clock });
    server.pauseTokens();
    const response = await post(server, "/v1/chat/completions", CHAT);
    clock.advance(65_000);
    server.resumeTokens();
    assert.equal((await response.text()).split(":\n\n").length - 1, 2);
  });

  it("answers its own completion in its own form", async () => {
    await using server = await start();
    const whole = (await ask(server, "/completion", { prompt: "x", n_predict: 5, return_tokens: true })).body;
    assert.equal(whole["stop_type"], "limit");
    assert.equal(whole["tokens_predicted"], 5);
    assert.equal((whole["tokens"] as number[]).length, 5);
    const frames = events(await streamed(server, { prompt: "x", n_predict: 5 }, "/completion")) as Json[];
    assert.equal(frames.map((frame) => frame["content"]).join(""), whole["content"]);
    assert.deepEqual([frames.at(-1)!["stop"], frames.at(-1)!["content"]], [true, ""]);
    const { body } = await ask(server, "/tokenize", { content: "hello world" });
    assert.equal((body["tokens"] as number[]).length, 2);
  });

  it("turns away a body of more than 100 MB without a word", async () => {
    await using server = await start();
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${100 * 2 ** 20 + 1}\r\n\r\n`;
    const answer = await raw(server, head);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.ok(answer.endsWith("\r\n\r\n"));
  });
});

describe("mlx_lm", () => {
  const start = (answer = {}): Promise<ModelServer> => startModelServer({ engine: "mlx-lm", answer, strict: true });

  it("speaks HTTP/1.0, and ends where the connection ends", async () => {
    await using server = await start();
    const body = JSON.stringify(CHAT);
    const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const text = await raw(server, request);
    assert.match(text, /^HTTP\/1\.0 200 OK\r\nServer: BaseHTTP/);
    assert.ok(!/transfer-encoding/i.test(text));
    assert.ok(text.endsWith("data: [DONE]\n\n"));
  });

  it("wants the length of a body, says 404 for what fails in the model, and nothing for what fails before", async () => {
    await using server = await start();
    const chunked =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert.match(await raw(server, chunked), /^HTTP\/1\.0 411 /);
    const kwargs = await ask(server, "/v1/chat/completions", {
      ...CHAT,
      chat_template_kwargs: { add_generation_prompt: false },
    });
    assert.equal(kwargs.status, 404);
    assert.equal(typeof kwargs.body["error"], "string");
    server.fail({ kind: "status", status: 400 });
    await assert.rejects((async () => (await post(server, "/v1/chat/completions", CHAT)).json())(), SyntaxError);
  });

  it("keeps a stream alive while it reads, and calls reasoning by another name", async () => {
    await using server = await startModelServer({ engine: "mlx-lm", batchTokens: 8, answer: { reasoningTokens: 6 } });
    const text = await streamed(server, {});
    assert.match(text, /^: keepalive 8\/\d+\n\n: keepalive 16\//);
    assert.ok(said(text, "reasoning").length > 0);
    assert.equal(said(text, "reasoning_content"), "");
  });

  it("breaks off at the end when usage options do not name usage", async () => {
    await using server = await start();
    assert.ok(!(await streamed(server, { stream_options: {} })).includes("[DONE]"));
    assert.ok((await streamed(server, { stream_options: { include_usage: true } })).includes('"usage"'));
  });

  it("forgets what an aborted request has read", async () => {
    await using server = await start();
    server.pauseTokens();
    const victim = call(server, "/v1/chat/completions", CHAT);
    await server.when("started", 1);
    await server.step();
    victim.hangUp();
    await server.when("hung-up", 1);
    await server.step(2, 1);
    await server.when("freed", 1);
    server.resumeTokens();
    await streamed(server, {});
    assert.equal(server.served[1]!.cachedTokens, 0);
  });
});

test("vllm-mlx turns away who comes while it works, unless it waits for its lock", async () => {
  for (const waitsForLock of [false, true]) {
    await using server = await startModelServer({ engine: "vllm-mlx", quirks: { waitsForLock } });
    server.pauseTokens();
    const first = post(server, "/v1/chat/completions", CHAT);
    await server.when("started");
    const second = post(server, "/v1/chat/completions", CHAT);
    if (waitsForLock) {
      await server.when("queued", 2);
    } else {
      const response = await second;
      assert.equal(response.status, 503);
      assert.match(((await response.json()) as { detail: Json }).detail["message"] as string, /retry later/);
    }
    server.resumeTokens();
    await (await first).text();
    const { bodyUsed } = await second;
    if (!bodyUsed) await (await second).text();
  }
});

test("vllm-mlx keeps structured output back to the end, and ends a failure as if it were none", async () => {
  for (const [engine, keeps] of [
    ["vllm-mlx", true],
    ["vllm", false],
  ] as const) {
    await using server = await startModelServer({ engine });
    server.fail({ kind: "error-inside", afterTokens: 5 }, { times: 2 });
    const json = await streamed(server, { response_format: { type: "json_object" } });
    assert.equal(said(json) === "", keeps);
    const text = await streamed(server, {});
    assert.ok(text.endsWith("data: [DONE]\n\n"));
    assert.equal(text.includes('"error"'), !keeps);
    assert.ok(!text.includes('"finish_reason":"stop"'));
  }
});

test("oMLX begins a stream with a chunk that says nothing, and a whole answer with a space", async () => {
  await using server = await startModelServer({ engine: "omlx", strict: true });
  const [first, second] = events(await streamed(server, {})) as Json[];
  assert.equal(first!["id"], "chatcmpl-keepalive");
  assert.notEqual(second!["id"], "chatcmpl-keepalive");
  const whole = await (await post(server, "/v1/chat/completions", { messages: [USER] })).text();
  assert.match(whole, /^ \{/);
  server.fail({ kind: "error-inside", afterTokens: 3 });
  const failed = await post(server, "/v1/chat/completions", { messages: [USER] });
  assert.equal(failed.status, 200);
  assert.equal(((await failed.json()) as { error: Json }).error["code"], 503);
  const messages = await streamed(server, { max_tokens: 9 }, "/v1/messages");
  assert.match(messages, /^event: ping\n/);
});

test("vLLM fails for a priority it was not started for, SGLang and the others ignore it", async () => {
  const status = async (engine: SimulatedEngine, priorityScheduling: boolean): Promise<number> => {
    await using server = await startModelServer({ engine, quirks: { priorityScheduling } });
    return (await ask(server, "/v1/chat/completions", { messages: [USER], priority: 5 })).status;
  };
  assert.equal(await status("vllm", false), 400);
  assert.equal(await status("vllm", true), 200);
  assert.equal(await status("sglang", false), 200);
  assert.equal(await status("llama-server", false), 200);
});

test("with priority scheduling vLLM takes the smallest first, SGLang the largest", async () => {
  for (const [engine, order] of [
    ["vllm", [1, 3, 2]],
    ["sglang", [1, 2, 3]],
  ] as const) {
    await using server = await startModelServer({ engine, quirks: { priorityScheduling: true } });
    server.pauseTokens();
    const answers: Promise<Response>[] = [];
    for (const [index, priority] of [0, 9, 5].entries()) {
      answers.push(post(server, "/v1/chat/completions", { ...CHAT, priority }));
      await server.when(index === 0 ? "started" : "queued", index + 1);
    }
    const started: number[] = [];
    server.resumeTokens();
    for (const answer of answers) await (await answer).text();
    started.push(...server.served.toSorted((a, b) => a.at.started! - b.at.started!).map(({ id }) => id));
    assert.deepEqual(started, order);
  }
});

test("SGLang names the token that stopped it, vLLM counts in every chunk when asked", async () => {
  await using sglang = await startModelServer({ engine: "sglang" });
  const last = events(await streamed(sglang, {})).at(-2) as { choices: Json[] };
  assert.equal(last.choices[0]!["matched_stop"], 151_645);
  await using vllm = await startModelServer({ engine: "vllm" });
  const stream_options = { include_usage: true, continuous_usage_stats: true };
  const chunks = events(await streamed(vllm, { stream_options })).slice(0, -1) as { usage?: Json }[];
  assert.ok(chunks.every(({ usage }) => typeof usage?.["completion_tokens"] === "number"));
});

test("reranking, scoring and transcription take a slot and answer at the end", async () => {
  await using server = await startModelServer({ engine: "vllm" });
  const documents = ["about a garden", "the queue and the slot", "queue"];
  const ranked = (await ask(server, "/v1/rerank", { query: "queue slot", documents })).body["results"] as Json[];
  assert.deepEqual(
    ranked.map(({ index }) => index),
    [1, 2, 0],
  );
  const scored = (await ask(server, "/score", { text_1: "queue", text_2: documents })).body["data"] as Json[];
  assert.deepEqual(
    scored.map(({ score }) => score),
    [0, 1, 1],
  );
  await using llama = await startModelServer({ engine: "llama-server", quirks: { noEmbeddings: true } });
  const form = new FormData();
  form.set("file", new Blob([Buffer.alloc(4096)]), "a.wav");
  const heard = await fetch(`${llama.url}/v1/audio/transcriptions`, { method: "POST", body: form });
  assert.match(((await heard.json()) as { text: string }).text, /bytes of sound/);
  assert.ok([...server.served, ...llama.served].every(({ isWork, slot }) => isWork && slot === 0));
  assert.equal((await ask(llama, "/v1/embeddings", { input: "x" })).status, 501);
});
