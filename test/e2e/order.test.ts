import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { startGateway, type Json } from "../support/gateway.ts";
import { occupied, order } from "./line.ts";
import { CHAT, chat } from "./talk.ts";

test("twenty background requests are queued; a foreground request of a stock client is answered next", async () => {
  const { it, running } = await occupied({ server: { engine: "llama-server" } });
  await using _ = it;
  const ask = async (baseURL: string, content: string): Promise<string> => {
    const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
    const answer = await client.chat.completions.create({
      model: it.server.model,
      messages: [{ role: "user", content }],
      max_completion_tokens: 3,
    });
    return answer.choices[0]!.message.content!;
  };
  const answers: Promise<string>[] = [];
  const finished: string[] = [];
  const asking = (baseURL: string, content: string): void => {
    answers.push(ask(baseURL, content).finally(() => finished.push(content)));
  };
  for (let n = 1; n <= 20; n++) {
    asking(`${it.url}/v1`, `background ${n}`);
    await it.waiting(n);
  }
  asking(`${it.url}/foreground/v1`, "foreground");
  await it.waiting(21);
  it.server.resumeTokens();
  assert.ok((await Promise.all(answers)).every((text) => text.length > 0));
  await (await running).text();
  assert.deepEqual(finished[0], "foreground");
  const background = Array.from({ length: 20 }, (__, n) => `background ${n + 1}`);
  assert.deepEqual(order(it), ["running", "foreground", ...background]);
});

const KEYS = {
  keys: [
    { name: "robot", key: "robot-key-1", priority: "background" },
    { name: "person", key: "person-key", priority: "foreground" },
    { name: "guest", key: "guest-key-1", ceiling: 50 },
  ],
};

interface Way {
  readonly name: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Json;
  readonly config?: Json;
  readonly priority: number;
}

const WAYS: readonly Way[] = [
  { name: "a header", headers: { "X-Headgate-Priority": "foreground" }, priority: 0 },
  { name: "a header's number", headers: { "x-headgate-priority": "-2.5" }, priority: -2.5 },
  { name: "a header that others use", headers: { "X-Priority": "interactive" }, priority: 0 },
  { name: "a path prefix", path: "/foreground/v1/chat/completions", priority: 0 },
  { name: "a number in the path", path: "/priority/7/v1/chat/completions", priority: 7 },
  { name: "a model alias", body: { model: "m@foreground" }, priority: 0 },
  { name: "a model alias with a number", body: { model: "m@12" }, priority: 12 },
  { name: "service_tier", body: { service_tier: "priority" }, priority: 0 },
  { name: "a key's own priority", headers: { authorization: "Bearer person-key" }, config: KEYS, priority: 0 },
  {
    name: "a key's ceiling below what the header asks for",
    headers: { "x-api-key": "guest-key-1", "x-headgate-priority": "foreground" },
    config: KEYS,
    priority: 50,
  },
  {
    name: "a rule",
    headers: { "user-agent": "OpenWebUI/1.2" },
    config: { rules: [{ userAgent: "openwebui", priority: 3 }] },
    priority: 3,
  },
  { name: "the default", config: { defaultPriority: 20 }, priority: 20 },
  {
    name: "a header before a path prefix",
    path: "/foreground/v1/chat/completions",
    headers: { "x-headgate-priority": "30" },
    priority: 30,
  },
];

for (const { name, path = CHAT, headers = {}, body, config, priority } of WAYS) {
  test(`${name} decides: the request goes before earlier background, and the answer names its priority`, async () => {
    const authorization = config === KEYS ? { authorization: "Bearer robot-key-1" } : {};
    await using it = await startGateway(config === undefined ? {} : { config });
    it.server.pauseTokens();
    const before = ["running", "earlier"].map((text) => {
      return () => it.post(CHAT, chat(text), { headers: { "x-headgate-priority": "background", ...authorization } });
    });
    const running = before[0]!();
    await it.server.when("started");
    const earlier = before[1]!();
    await it.waiting(1);
    const sooner = it.post(path, chat("sooner", body), { headers });
    await it.waiting(2);
    it.server.resumeTokens();
    const answers = await Promise.all([running, earlier, sooner]);
    for (const answer of answers) assert.equal(answer.status, 200, await answer.text());
    assert.deepEqual(order(it), ["running", "sooner", "earlier"]);
    assert.equal(answers[2].headers.get("x-headgate-priority"), String(priority));
    const { model } = JSON.parse(it.server.served.at(-2)!.body.toString()) as { model: string };
    assert.equal(model, "m");
  });
}

test("a priority nobody knows is no error: the request takes the default", async () => {
  await using it = await startGateway();
  const answer = await it.post(CHAT, chat(), { headers: { "x-headgate-priority": "urgent!!" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-headgate-priority"), "100");
  await answer.text();
});

test("a model whose own name ends like a priority is left alone", async () => {
  await using it = await startGateway({ server: { models: ["text@001"] } });
  await (await it.post(CHAT, chat("x", { model: "text@001" }))).text();
  const { model } = JSON.parse(it.server.served.at(-1)!.body.toString()) as { model: string };
  assert.equal(model, "text@001");
});

test("a running request is not interrupted by a sooner one", async () => {
  const { it, running } = await occupied();
  await using _ = it;
  const sooner = it.post(`/foreground${CHAT}`, chat("sooner"));
  await it.waiting(1);
  await it.server.step(2);
  assert.equal(it.server.served.filter(({ isWork }) => isWork).length, 1);
  it.server.resumeTokens();
  assert.equal((await running).status, 200);
  assert.equal((await sooner).status, 200);
  await Promise.all([(await running).text(), (await sooner).text()]);
  const first = it.server.served.find(({ isWork }) => isWork);
  assert.deepEqual([first!.outcome, first!.tokens], ["answered", 4]);
});

test("equals are answered in the order of their arrival, whatever comes between", async () => {
  const { it, running } = await occupied();
  await using _ = it;
  const answers = [running];
  const add = async (text: string, priority: number): Promise<void> => {
    const before = it.gate.waiting;
    answers.push(it.post(CHAT, chat(text), { headers: { "x-headgate-priority": String(priority) } }));
    await it.waiting(before + 1);
  };
  for (const n of [1, 2, 3]) {
    await add(`b${n}`, 100);
    await add(`f${n}`, 0);
    await add(`a${n}`, 50);
  }
  it.server.resumeTokens();
  for (const answer of answers) await (await answer).text();
  assert.deepEqual(order(it), ["running", "f1", "f2", "f3", "a1", "a2", "a3", "b1", "b2", "b3"]);
});

test("embeddings, completions and native calls wait in the same line as chats", async () => {
  const { it, running } = await occupied({ server: { engine: "llama-server" } });
  await using _ = it;
  const calls: [string, Json][] = [
    ["/v1/embeddings", { input: "x" }],
    ["/v1/completions", { prompt: "Once", max_tokens: 3 }],
    ["/completion", { prompt: "Once", n_predict: 3 }],
    ["/v1/responses", { input: "Once", max_output_tokens: 3 }],
    ["/v1/messages", { messages: [{ role: "user", content: "x" }], max_tokens: 3 }],
  ];
  const answers = [running];
  for (const [path, body] of calls) {
    answers.push(it.post(path, body));
    await it.waiting(answers.length - 1);
  }
  // What asks nothing of the model does not wait.
  for (const path of ["/props", "/v1/models", "/health"]) await (await it.get(path)).text();
  assert.equal(it.gate.waiting, calls.length);
  it.server.resumeTokens();
  for (const answer of answers) assert.equal((await answer).status, 200, await (await answer).text());
  const paths = it.server.served.filter(({ isWork }) => isWork).map(({ url }) => url);
  assert.deepEqual(paths, [CHAT, ...calls.map(([path]) => path)]);
});
