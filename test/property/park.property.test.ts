import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { frameDecoder } from "../../src/protocol/framing.ts";
import { parseObject } from "../../src/protocol/untrusted-json.ts";
import type { Fault } from "../../src/testing/index.ts";
import { timeless } from "../e2e/talk.ts";
import { ModelFolder } from "../support/model-folder.ts";
import { startGateway, type GatewayOptions, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { hear, type Heard } from "./interrupted.ts";
import { tries } from "./model-runs.ts";
import { play, type Ending, type Happening, type Interruption } from "./park-program.ts";

const TEXT = "Grüße 🏔️ aus Zürich, ein naïver Satz: 日本語. Then END of it, more words END_OF_TEXT hidden.";
const MESSAGES = [{ role: "user", content: "Write." }];

const folder = ModelFolder.simulated();
after(() => folder[Symbol.asyncDispose]());

/** Servers, and how their owners use them. */
const SETUPS = {
  "llama-server": { server: { engine: "llama-server" } },
  "llama-server, thinking off": { server: { engine: "llama-server", quirks: { thinkingTags: true } } },
  vllm: { server: { engine: "vllm" } },
  "mlx-lm": { server: { engine: "mlx-lm" }, upstream: { resume: { modelFolder: folder.path, stopStreams: false } } },
  ollama: { server: { engine: "ollama" } },
  "ollama, stopped": { server: { engine: "ollama" }, upstream: { resume: { stopStreams: true } } },
} as const satisfies Readonly<Record<string, GatewayOptions>>;

function start(setup: keyof typeof SETUPS, reasoningTokens = 0): Promise<GatewayUnderTest> {
  const { server, ...rest } = { upstream: {}, ...SETUPS[setup] };
  return startGateway({
    ...rest,
    server: { ...server, answer: { text: TEXT, reasoningTokens } },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
}

async function directly(it: GatewayUnderTest, path: string, body: Json): Promise<Response> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return fetch(it.server.url + path, init);
}

const afterTokens = fc.nat({ max: 12 });
const OWN_FAILURE = "the engine's own failure";
const REFUSED = [400, 500, 503].map((status): Fault => ({ kind: "status", status }));
const faults: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom<Fault>(...REFUSED, { kind: "close" }, { kind: "garbage" }),
  fc
    .tuple(fc.constantFrom("reset" as const, "cut" as const, "short" as const, "error-inside" as const), afterTokens)
    .map(([kind, tokens]): Fault => ({ kind, afterTokens: tokens, message: OWN_FAILURE })),
);
const ANSWERED: Happening = "the person is answered";
const harmless = fc.constantFrom<Happening>(ANSWERED, "the person leaves");
const happenings = fc.oneof(
  { arbitrary: harmless, weight: 3 },
  { arbitrary: faults.map((nextRun): Happening => ({ nextRun })), weight: 2 },
);
const lastly = fc.constantFrom<Happening>(
  "the client leaves",
  "the server goes down and comes back",
  "the person leaves",
);

function interruptions(all: fc.Arbitrary<Happening>): fc.Arbitrary<Interruption[]> {
  return fc.array(fc.record({ afterTokens, what: all }), { maxLength: 4 });
}

/** Nothing was wrong, or the client was told that something is and has no mark of an end; what it has is the answer's beginning. */
function assertHonest(heard: Heard, whole: Heard, stream: boolean): void {
  if (heard.errors.length === 0) {
    // Some engines say the role in every delta; there more than the first are dropped with the runs that are joined.
    const told = ({ roles, usage, ...all }: Heard): unknown => {
      return { ...all, roles: whole.roles > 1 ? roles > 0 : roles, prompt: usage?.prompt };
    };
    assert.deepEqual(told(heard), told(whole));
    return;
  }
  assert.equal(heard.errors.length, 1);
  assert.ok(whole.content.startsWith(heard.content), heard.content);
  assert.ok(whole.reasoning.startsWith(heard.reasoning), heard.reasoning);
  assert.deepEqual(heard.finish, []);
  // An engine that reports its own failure writes its own end behind it.
  if (stream && !JSON.stringify(heard.errors).includes(OWN_FAILURE)) assert.equal(heard.ends, 0);
}

/** mlx_lm goes on only with what has a limit. */
const LIMITED: Readonly<Partial<Record<string, Json>>> = { "mlx-lm": { max_tokens: 300 } };

test("whoever leaves and whatever breaks, an answer that steps aside is whole, or its client is told that it is not", async () => {
  const programs = fc.record({
    setup: fc.constantFrom(
      "llama-server" as const,
      "llama-server, thinking off" as const,
      "vllm" as const,
      "mlx-lm" as const,
      "ollama, stopped" as const,
    ),
    reasoningTokens: fc.constantFrom(0, 0, 6),
    stream: fc.boolean(),
    stop: fc.option(fc.constant("END_OF_TEXT"), { nil: undefined }),
    most: interruptions(happenings),
    last: fc.option(fc.record({ afterTokens, what: lastly }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(programs, async ({ setup, reasoningTokens, stream, stop, most, last }) => {
      await using it = await start(setup, reasoningTokens);
      const path = "/v1/chat/completions";
      const body = {
        model: it.server.model,
        messages: MESSAGES,
        stream,
        ...LIMITED[setup],
        ...(stop !== undefined && { stop }),
      };
      const whole = await hear(await directly(it, path, body));
      const ending = await play(it, { path, body, interruptions: last === undefined ? most : [...most, last] });
      // Half an answer that is no stream can only be cut off.
      if (ending === "cut") assert.equal(stream, false);
      else if (ending !== "left") assertHonest(await hear(ending), whole, stream);
    }),
    tries(90),
  );
});

interface Tongue {
  readonly engine: "llama-server" | "vllm" | "ollama";
  readonly path: string;
  readonly body: Json;
}

/** Dialects whose runs cannot be joined. */
const TONGUES: readonly Tongue[] = [
  { engine: "llama-server", path: "/v1/messages", body: { messages: MESSAGES, max_tokens: 200 } },
  { engine: "llama-server", path: "/v1/responses", body: { input: "Write." } },
  { engine: "llama-server", path: "/completion", body: { prompt: "Write.", n_predict: 30 } },
  { engine: "vllm", path: "/v1/messages", body: { messages: MESSAGES, max_tokens: 200 } },
  { engine: "vllm", path: "/v1/responses", body: { input: "Write." } },
  { engine: "ollama", path: "/api/chat", body: { messages: MESSAGES } },
];

/** What the cache had of the prompt, which is more each time. */
const CACHED = /^(?:input_tokens|cache_read_input_tokens|cached_tokens|tokens_cached|prompt_eval_count)$/;

async function frames(answer: Response): Promise<unknown> {
  const text = await answer.text();
  const type = answer.headers.get("content-type") ?? "";
  const isStream = type.startsWith("text/event-stream") || type.includes("ndjson");
  const decoder = frameDecoder(type.includes("ndjson") ? "ollama-chat" : "openai-chat");
  const values = isStream
    ? decoder.push(Buffer.from(text)).flatMap(({ data }) => (data === undefined ? [] : [parseObject(data)]))
    : [JSON.parse(text) as unknown];
  return JSON.parse(JSON.stringify(timeless(values)), (name, value: unknown) =>
    CACHED.test(name) ? undefined : value,
  );
}

test("a dialect whose answers cannot be joined begins anew or runs to its end, and its client sees one plain answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...TONGUES),
      fc.boolean(),
      interruptions(harmless),
      async ({ engine, path, body: asked }, stream, all) => {
        await using it = await start(engine);
        const body = { model: it.server.model, stream, ...asked };
        const whole = await frames(await directly(it, path, body));
        // A stream of Ollama's is read on for a person who left: nobody comes back before its end.
        const stays = all.map(({ afterTokens: tokens }) => ({ afterTokens: tokens, what: ANSWERED }));
        const ending: Ending = await play(it, { path, body, interruptions: engine === "ollama" ? stays : all });
        assert.ok(typeof ending === "object");
        assert.equal(ending.status, 200);
        assert.deepEqual(await frames(ending), whole);
      },
    ),
    tries(40),
  );
});
