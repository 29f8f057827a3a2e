import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it as test } from "node:test";
import OpenAI from "openai";
import { CHAT, chat, stream, timeless } from "../e2e/talk.ts";
import { hear } from "../property/interrupted.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { CONTEXT_TOKENS, ModelProcess } from "./model-process.ts";
import { whyNoInference } from "./node-llama-cpp.ts";
import { MODEL } from "./wire.ts";

const missing = whyNoInference();
if (missing !== undefined) process.emitWarning(missing);

/** As much as there is room for: many seconds, if nothing stops it. */
const ENDLESS = { max_tokens: CONTEXT_TOKENS };

describe("real inference, by llama.cpp", { skip: missing ?? false }, () => {
  let model: ModelProcess;

  before(async () => {
    model = await ModelProcess.start();
  });
  after(() => model?.[Symbol.asyncDispose]());
  beforeEach(() => model.forget());

  /** A gateway before the model, which it must take for a llama-server with one slot. */
  async function start(config: Json = {}): Promise<GatewayUnderTest> {
    const it = await startGateway({ server: null, config });
    await it.gateway.addUpstream({ url: model.url, models: { alias: {} } });
    assert.equal(it.gate.capacity, 1);
    return it;
  }

  function client(baseURL: string): OpenAI {
    return new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: "none", maxRetries: 0 });
  }

  test("background requests are queued; a foreground request is answered next, and never are two computed at once", async () => {
    await using it = await start();
    await model.pause();
    const ask = async (path: string, content: string): Promise<string> => {
      const answer = await client(it.url + path).chat.completions.create({
        model: MODEL,
        messages: [{ role: "user", content }],
        max_completion_tokens: 20,
      });
      return answer.choices[0]!.message.content!;
    };
    const names = ["first", "second", "third", "fourth", "fifth", "sixth"];
    const answers: Promise<string>[] = [];
    for (const [n, name] of names.entries()) {
      answers.push(ask("", name));
      await it.until(() => it.gate.held === 1 && it.gate.waiting === n);
    }
    await model.until(({ served }) => served.length === 1);
    answers.push(ask("/foreground", "person"));
    await it.waiting(names.length);
    await model.resume();
    assert.ok((await Promise.all(answers)).every((text) => text.length > 20));
    const { served, mostAtOnce, tokens } = await model.look();
    assert.deepEqual(
      served.map(({ asked }) => asked),
      ["first", "person", "second", "third", "fourth", "fifth", "sixth"],
    );
    assert.deepEqual([mostAtOnce, tokens], [1, 7 * 20]);
  });

  test("a streamed answer arrives token by token, each before the next is computed, and is the whole answer", async () => {
    await using it = await start();
    const body = { model: MODEL, messages: [{ role: "user" as const, content: "Which way?" }], max_tokens: 12 };
    await model.pause();
    const pieces: string[] = [];
    const ends: unknown[] = [];
    const chunks = await client(it.url).chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let usage: unknown;
    await model.step(1);
    for await (const chunk of chunks) {
      usage ??= chunk.usage;
      const [choice] = chunk.choices;
      if (choice?.finish_reason) ends.push(choice.finish_reason);
      if (!choice?.delta.content) continue;
      pieces.push(choice.delta.content);
      const { tokens } = await model.look();
      assert.equal(tokens, pieces.length);
      await model.step(1);
    }
    await model.resume();
    const through = await client(it.url).chat.completions.create(body);
    const direct = await client(model.url).chat.completions.create(body);
    assert.equal(pieces.length, 12);
    assert.equal(pieces.join(""), direct.choices[0]!.message.content);
    assert.deepEqual([ends, usage], [["length"], direct.usage]);
    assert.deepEqual(timeless(through), timeless(direct));
  });

  for (const [how, body] of [
    ["a stream", stream("leaves", ENDLESS)],
    ["a whole answer", chat("leaves", ENDLESS)],
  ] as const) {
    test(`hanging up on ${how} stops the generation and frees the slot for the next one`, async () => {
      await using it = await start();
      const hangUp = new AbortController();
      const gone = it.post(CHAT, body, { signal: hangUp.signal }).then((response) => response.text());
      await model.until(({ served }) => served.length === 1);
      const next = it.post(CHAT, chat("stays", { max_tokens: 7 }));
      await it.waiting(1);
      hangUp.abort();
      await assert.rejects(gone, { name: "AbortError" });
      const answer = (await (await next).json()) as { choices: [{ finish_reason: string }] };
      assert.equal(answer.choices[0].finish_reason, "length");
      const { served, mostAtOnce, tokens } = await model.look();
      assert.deepEqual(
        served.map(({ asked, outcome }) => [asked, outcome]),
        [
          ["leaves", "aborted"],
          ["stays", "length"],
        ],
      );
      const [aborted] = served;
      assert.ok(aborted!.tokens < CONTEXT_TOKENS / 2, `${aborted!.tokens} tokens were computed for nobody`);
      // Not one token for who is gone, while the next one was answered.
      assert.deepEqual([mostAtOnce, tokens], [1, aborted!.tokens + 7]);
    });
  }

  test("never are two computed at once, whoever comes and goes", async () => {
    await using it = await start();
    const clients = Array.from({ length: 24 }, async (_, n) => {
      const leaves = n % 3 === 0;
      const hangUp = new AbortController();
      const body = stream(`client ${n}`, leaves ? ENDLESS : { max_tokens: 10 + n });
      const path = n % 4 === 0 ? `/foreground${CHAT}` : CHAT;
      const response = await it.post(path, body, { signal: hangUp.signal });
      if (!leaves) return (await response.text()).endsWith("data: [DONE]\n\n");
      await response.body!.getReader().read();
      hangUp.abort();
      return undefined;
    });
    const ends = await Promise.all(clients);
    await it.over(24);
    const { served, mostAtOnce } = await model.until(({ served: all }) => {
      return all.length === 24 && all.every(({ outcome }) => outcome !== "running");
    });
    assert.equal(mostAtOnce, 1);
    assert.ok(ends.every((complete) => complete !== false));
    assert.deepEqual(
      [served.filter(({ outcome }) => outcome === "aborted").length, ends.filter(Boolean).length],
      [8, 16],
    );
  });

  test("two that go past the gateway are counted as two, so what is counted above is worth something", async () => {
    await model.pause();
    const direct = ["one", "two"].map((text) =>
      fetch(model.url + CHAT, { method: "POST", body: JSON.stringify(chat(text)) }),
    );
    const responses = Promise.all(direct);
    await model.until(({ mostAtOnce }) => mostAtOnce === 2);
    await model.resume();
    for (const response of await responses) assert.equal(response.status, 200, await response.text());
  });

  test("an answer that is continued from its text goes on with the very same words", async () => {
    const answer = async (path: string, body: Json): Promise<string> => {
      const response = await fetch(model.url + path, { method: "POST", body: JSON.stringify(body) });
      const { choices } = (await response.json()) as { choices: [{ message?: { content: string }; text?: string }] };
      return choices[0].message?.content ?? choices[0].text!;
    };
    const question = { role: "user", content: "Go on." };
    const whole = await answer(CHAT, { messages: [question], max_tokens: 80 });
    const begun = await answer(CHAT, { messages: [question], max_tokens: 30 });
    const said = { role: "assistant", content: begun };
    const flags = { continue_final_message: true, add_generation_prompt: false };
    assert.equal(begun + (await answer(CHAT, { messages: [question, said], max_tokens: 50, ...flags })), whole);
    const prompt = "Once upon a time,";
    const text = await answer("/v1/completions", { prompt, max_tokens: 80 });
    const start30 = await answer("/v1/completions", { prompt, max_tokens: 30 });
    assert.equal(start30 + (await answer("/v1/completions", { prompt: prompt + start30, max_tokens: 50 })), text);
  });

  for (const streamed of [true, false]) {
    test(`an answer that steps aside three times is word for word the uninterrupted one, ${streamed ? "" : "not "}streamed`, async () => {
      await using it = await start({ preempt: { enabled: true, minRunMs: 0 } });
      const body = { model: MODEL, messages: [{ role: "user", content: "Go on." }], max_tokens: 120 };
      // Twice, because a first run computes its prompt in another way than one that finds it in the cache.
      await hear(await fetch(model.url + CHAT, { method: "POST", body: JSON.stringify(body) }));
      const whole = await hear(await fetch(model.url + CHAT, { method: "POST", body: JSON.stringify(body) }));
      await model.forget();
      await model.pause();
      const heard = it.post(`/background${CHAT}`, { ...body, stream: streamed }).then(hear);
      for (let round = 1; round <= 3; round++) {
        await model.until(({ served }) => served.length === 2 * round - 1);
        await model.step(20);
        while ((await model.look()).tokens < round * 20 + (round - 1) * 5);
        await it.until(() =>
          [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined),
        );
        const person = it.post(`/foreground${CHAT}`, { ...body, max_tokens: 5 });
        await model.until(({ served }) => served.length === 2 * round);
        await model.step(5);
        assert.equal((await person).status, 200);
        await (await person).text();
      }
      await model.resume();
      const { content, finish, ids, roles, errors } = await heard;
      assert.equal(content, whole.content);
      assert.deepEqual([finish, ids, errors], [whole.finish, 1, []]);
      assert.equal(roles, streamed ? 1 : whole.roles);
      const record = it.ended.find(({ priority }) => priority === 100);
      assert.deepEqual([record?.parks, record?.restarts, record?.completionTokens], [3, 0, 120]);
      assert.equal((await model.look()).mostAtOnce, 1);
    });
  }
});
