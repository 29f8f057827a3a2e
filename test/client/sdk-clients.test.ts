import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { gatedFetch, type Fetch } from "../../src/client/gated-fetch.ts";
import { Gate, isGateError, Priority } from "../../src/gate/index.ts";
import { nextEvent, PermitLedger, untilIdle } from "../support/idle-gate.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { tinyModels } from "../support/tiny-models.ts";

interface Sdk {
  readonly name: string;
  /** The whole answer at once. */
  ask(url: string, fetch: Fetch, maxRetries?: number): Promise<string>;
  /** The pieces of the answer as they come. */
  stream(url: string, fetch: Fetch): AsyncGenerator<string>;
  /** Whether leaving a stream early hangs up. Ollama's client leaves the body as it is. */
  readonly hangsUp: boolean;
  readonly retries: boolean;
}

const model = "m";
const messages = [{ role: "user" as const, content: "hi" }];

const openai: Sdk = {
  name: "openai",
  hangsUp: true,
  retries: true,
  async ask(url, fetch, maxRetries = 0) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", fetch, maxRetries });
    const answer = await client.chat.completions.create({ model, messages });
    return answer.choices[0]?.message.content ?? "";
  },
  async *stream(url, fetch) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", fetch, maxRetries: 0 });
    const chunks = await client.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of chunks) yield chunk.choices[0]?.delta.content ?? "";
  },
};

const anthropic: Sdk = {
  name: "@anthropic-ai/sdk",
  hangsUp: true,
  retries: true,
  async ask(url, fetch, maxRetries = 0) {
    const client = new Anthropic({ baseURL: url, apiKey: "none", fetch, maxRetries });
    const { content } = await client.messages.create({ model, messages, max_tokens: 9 });
    return content[0]?.type === "text" ? content[0].text : "";
  },
  async *stream(url, fetch) {
    const client = new Anthropic({ baseURL: url, apiKey: "none", fetch, maxRetries: 0 });
    const events = await client.messages.create({ model, messages, max_tokens: 9, stream: true });
    for await (const event of events) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
    }
  },
};

const ollama: Sdk = {
  name: "ollama",
  hangsUp: false,
  retries: false,
  async ask(host, fetch) {
    return (await new Ollama({ host, fetch }).chat({ model, messages })).message.content;
  },
  async *stream(host, fetch) {
    for await (const { message } of await new Ollama({ host, fetch }).chat({ model, messages, stream: true })) {
      yield message.content;
    }
  },
};

async function untilWaiting(gate: Gate, count: number): Promise<void> {
  while (gate.waiting < count) await nextEvent(gate, "enqueue");
}

async function readAll(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

for (const sdk of [openai, anthropic, ollama]) {
  const { name } = sdk;

  test(`${name}: whole and streamed answers come through, one request at a time, and all permits come back`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await tinyModels();
    const fetch = gatedFetch(gate);
    const answers = await Promise.all([
      sdk.ask(server.url, fetch),
      readAll(sdk.stream(server.url, fetch)),
      sdk.ask(server.url, fetch),
      readAll(sdk.stream(server.url, fetch)),
    ]);
    assert.deepEqual(answers, ["hello", "hello", "hello", "hello"]);
    assert.equal(server.most, 1);
    await untilIdle(gate);
    ledger.assertBalanced(4);
  });

  test(`${name}: foreground overtakes the background that waits`, async () => {
    const gate = new Gate();
    await using server = await tinyModels();
    const order: string[] = [];
    const blocker = await gate.acquire();
    const background = sdk.ask(server.url, gatedFetch(gate)).then(() => order.push("background"));
    await untilWaiting(gate, 1);
    const foreground = sdk
      .ask(server.url, gatedFetch(gate, { priority: Priority.FOREGROUND }))
      .then(() => order.push("foreground"));
    await untilWaiting(gate, 2);
    blocker.release();
    await Promise.all([background, foreground]);
    assert.deepEqual(order, ["foreground", "background"]);
    await untilIdle(gate);
  });

  test(`${name}: an error of the server rejects as the SDK's own, and the permit comes back`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await tinyModels();
    server.fates.push("error", "error");
    await assert.rejects(sdk.ask(server.url, gatedFetch(gate)), /broken/);
    await assert.rejects(readAll(sdk.stream(server.url, gatedFetch(gate))), /broken/);
    await untilIdle(gate);
    ledger.assertBalanced(2);
  });

  test(`${name}: a stream that breaks half-way rejects, and the permit comes back`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await tinyModels();
    server.fates.push("reset");
    await assert.rejects(readAll(sdk.stream(server.url, gatedFetch(gate))), /terminated/);
    await untilIdle(gate);
    ledger.assertBalanced(1);
  });

  test(`${name}: a stream that is left early gives its permit back`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    const clock = new ManualClock();
    await using server = await tinyModels();
    server.fates.push("endless");
    for await (const piece of sdk.stream(server.url, gatedFetch(gate, { clock }))) {
      assert.equal(piece, "hel");
      break;
    }
    if (!sdk.hangsUp) {
      // Nothing but the idle time ends a body that its client forgot.
      const warned = once(process, "warning");
      while (clock.pending.all === 0) await new Promise(setImmediate);
      assert.equal(gate.held, 1);
      clock.advance(60_000);
      await warned;
    }
    await untilIdle(gate);
    ledger.assertBalanced(1);
  });

  test(`${name}: ${sdk.retries ? "a retry waits for a permit of its own" : "nothing is retried"}`, async () => {
    const gate = new Gate();
    const ledger = new PermitLedger(gate);
    await using server = await tinyModels();
    server.fates.push("error");
    const answer = sdk.ask(server.url, gatedFetch(gate), 1);
    if (sdk.retries) assert.equal(await answer, "hello");
    else await assert.rejects(answer);
    ledger.assertBalanced(sdk.retries ? 2 : 1);
  });

  test(`${name}: what the gate refuses can be told from a failure of the network`, async () => {
    const gate = new Gate({ maxWaiting: 0 });
    await using server = await tinyModels();
    const blocker = await gate.acquire();
    const refused = (error: unknown): boolean => {
      const cause = isGateError(error) ? error : (error as Error).cause;
      return isGateError(cause) && cause.code === "queue_full";
    };
    await assert.rejects(sdk.ask(server.url, gatedFetch(gate)), refused);
    assert.deepEqual(server.requests, []);
    blocker.release();
    await untilIdle(gate);
  });
}
