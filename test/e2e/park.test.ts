import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { ModelServerOptions } from "../../src/testing/index.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";

const TEXT = Array.from({ length: 40 }, (_, n) => `word${n}`).join(" ");

/** A gateway that lets background step aside at once, before a server whose answers take their time. */
function start(server: ModelServerOptions): Promise<GatewayUnderTest> {
  return startGateway({
    server: { answer: { text: TEXT }, timing: { decodeMsPerToken: 3 }, ...server },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
}

function client(it: GatewayUnderTest, path: string): OpenAI {
  return new OpenAI({ baseURL: `${it.url}${path}/v1`, apiKey: "none", maxRetries: 0 });
}

const ASK = [{ role: "user" as const, content: "Count." }];

/** Reads a stream to its end; a person asks when its fifth piece is there. */
async function readInterrupted(it: GatewayUnderTest): Promise<{ text: string; ids: Set<string>; finish: unknown[] }> {
  const stream = await client(it, "/background").chat.completions.create({
    model: it.server.model,
    messages: ASK,
    stream: true,
  });
  const ids = new Set<string>();
  const finish: unknown[] = [];
  let text = "";
  let pieces = 0;
  let person: Promise<unknown> | undefined;
  for await (const chunk of stream) {
    ids.add(chunk.id);
    text += chunk.choices[0]?.delta.content ?? "";
    if (chunk.choices[0]?.finish_reason) finish.push(chunk.choices[0].finish_reason);
    if (++pieces === 5) person = askAsPerson(it);
  }
  await person;
  // oMLX has it in every stream that takes its time.
  ids.delete("chatcmpl-keepalive");
  return { text, ids, finish };
}

function askAsPerson(it: GatewayUnderTest): Promise<unknown> {
  return client(it, "/foreground").chat.completions.create({
    model: it.server.model,
    messages: ASK,
    max_completion_tokens: 2,
  });
}

for (const engine of ["llama-server", "vllm", "sglang", "omlx", "simulated"] as const) {
  test(`${engine}: a stock client's stream steps aside for a person and goes on, word for word`, async () => {
    await using it = await start({ engine });
    const label = engine === "simulated" ? "[simulated by headgate: no model server was found] " : "";
    const { text, ids, finish } = await readInterrupted(it);
    assert.equal(text, label + TEXT);
    assert.equal(ids.size, 1);
    assert.deepEqual(finish, ["stop"]);
    const [person, background] = it.ended;
    assert.deepEqual([person?.priority, background?.priority], [0, 100]);
    assert.deepEqual([background?.parks, background?.restarts], [1, 0]);
  });
}

for (const engine of ["mlx-lm", "lm-studio", "plain"] as const) {
  test(`${engine}: what its client has begun to read runs to its end, and the person goes next`, async () => {
    await using it = await start({ engine });
    const { text } = await readInterrupted(it);
    assert.equal(text, TEXT);
    assert.deepEqual(
      it.ended.map(({ parks }) => parks),
      [0, 0],
    );
  });
}

test("llama-server with a template that puts a thought before what is continued is given the text alone, and goes on", async () => {
  await using it = await start({ engine: "llama-server", quirks: { thinkingTags: true } });
  const { text, ids, finish } = await readInterrupted(it);
  assert.deepEqual([text, ids.size, finish], [TEXT, 1, ["stop"]]);
  assert.deepEqual([it.ended[1]?.parks, it.ended[1]?.restarts], [1, 0]);
  assert.equal(it.server.served.filter(({ url }) => url === "/v1/completions").length, 1);
});

test("a client that does not stream steps aside at any token, and gets its answer whole", async () => {
  await using it = await start({ engine: "llama-server" });
  const asked = client(it, "/background").chat.completions.create({ model: it.server.model, messages: ASK });
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  await askAsPerson(it);
  const answer = await asked;
  assert.equal(answer.choices[0]?.message.content, TEXT);
  const whole = await client(it, "/background").chat.completions.create({ model: it.server.model, messages: ASK });
  assert.deepEqual(answer.usage?.completion_tokens, whole.usage?.completion_tokens);
  assert.deepEqual(answer.usage?.prompt_tokens, whole.usage?.prompt_tokens);
  assert.equal(it.ended[1]?.parks, 1);
  assert.equal(it.ended[1]?.restarts, 0);
});

test("vLLM: once it is known what its whole answers are like, one steps aside and goes on, and is like them", async () => {
  await using it = await start({ engine: "vllm" });
  const ask = async (url: string): Promise<Record<string, unknown>> => {
    const body = JSON.stringify({ model: it.server.model, messages: ASK });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
    const { id: _, created: __, ...lasting } = (await answer.json()) as Record<string, unknown>;
    return lasting;
  };
  const own = await ask(it.server.url);
  assert.deepEqual(await ask(`${it.url}/background`), own);
  const background = ask(`${it.url}/background`);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  await askAsPerson(it);
  assert.deepEqual(await background, own);
  const { parks, restarts } = it.ended.at(-1)!;
  assert.deepEqual([parks, restarts], [1, 0]);
});

test("SGLang's whole answers, which say more than its streams, are never asked for as streams", async () => {
  await using it = await start({ engine: "sglang" });
  for (let round = 0; round < 2; round++) {
    await client(it, "/background").chat.completions.create({ model: it.server.model, messages: ASK });
  }
  assert.ok(it.server.served.every(({ body }) => !body.includes('"stream":true')));
});

test("a client that has nothing yet begins anew: Ollama, not streamed", async () => {
  await using it = await start({ engine: "ollama" });
  const asked = it.post("/background/api/chat", { model: it.server.model, messages: ASK, stream: false });
  await it.server.when("first-token");
  await askAsPerson(it);
  const answer = (await (await asked).json()) as { message: { content: string } };
  assert.equal(answer.message.content, TEXT);
  assert.deepEqual([it.ended[1]?.parks, it.ended[1]?.restarts], [1, 1]);
});

test("without --preempt a person waits for the end of what runs", async () => {
  await using it = await startGateway({
    server: { engine: "llama-server", answer: { text: TEXT }, timing: { decodeMsPerToken: 3 } },
  });
  const { text } = await readInterrupted(it);
  assert.equal(text, TEXT);
  assert.deepEqual(
    it.ended.map(({ priority, parks }) => [priority, parks]),
    [
      [100, 0],
      [0, 0],
    ],
  );
});

test("a person is never asked to step aside for a sooner one", async () => {
  await using it = await start({ engine: "llama-server" });
  it.server.pauseTokens();
  const first = it.post("/foreground/v1/chat/completions", { model: it.server.model, messages: ASK, stream: true });
  await it.server.when("started");
  const second = it.post("/priority/-5/v1/chat/completions", { model: it.server.model, messages: ASK });
  await it.waiting(1);
  it.server.resumeTokens();
  await (await first).text();
  await (await second).text();
  assert.equal(it.ended[0]?.priority, 0);
  assert.equal(it.ended[0]?.parks, 0);
});

test("SGLang, which notices a closed connection after two seconds, is told to stop by name", async () => {
  await using it = await start({ engine: "sglang", strict: true });
  const { text } = await readInterrupted(it);
  assert.equal(text, TEXT);
  const parked = it.server.served.find(({ outcome, isWork }) => isWork && outcome === "aborted")!;
  const { rid } = JSON.parse(parked.body.toString()) as { rid: string };
  const stops = it.server.served.filter(({ url }) => url === "/abort_request");
  assert.deepEqual(
    stops.map(({ body }) => JSON.parse(body.toString()) as unknown),
    [{ rid }],
  );
});

test("vllm-mlx, which refuses the next request until it notices: a person gets an answer all the same", async () => {
  await using it = await start({ engine: "vllm-mlx", timing: { prefillMsPerToken: 5, decodeMsPerToken: 3 } });
  const asked = it.post("/background/v1/chat/completions", { model: it.server.model, messages: ASK, stream: true });
  await it.server.when("started");
  await askAsPerson(it);
  const frames = (await (await asked).text()).match(/"content":"[^"]*"/g) ?? [];
  assert.equal(frames.map((frame) => frame.slice(11, -1)).join(""), TEXT);
  assert.deepEqual([it.ended[1]?.parks, it.ended[1]?.restarts], [1, 1]);
});
