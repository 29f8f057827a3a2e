import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import type { ModelServerOptions } from "../../src/testing/index.ts";
import type { UpstreamConfig } from "../../src/gateway/config/types.ts";
import { ModelFolder } from "../support/model-folder.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { hear, interruptedAt, type Heard } from "./interrupted.ts";
import { tries } from "./model-runs.ts";

/** Words, syllables that are cut anywhere, characters of two to four bytes, an emoji of several, and a stop string that spans tokens. */
const TEXT =
  "Grüße aus Zürich 🏔️, ein naïver Satz – und noch einer: 日本語のテキスト. Then END of it, more words END_OF_TEXT hidden.";
const ASK: Json = { messages: [{ role: "user", content: "Write." }] };

/** A server and how its owner uses it. */
interface Setup {
  readonly server: ModelServerOptions;
  readonly upstream?: Partial<UpstreamConfig>;
  /** Every delta has a role, and a later run none. */
  readonly repeatsRole?: true;
}

const folder = ModelFolder.simulated();
after(() => folder[Symbol.asyncDispose]());

const SETUPS: Readonly<Record<string, Setup>> = {
  "llama-server": { server: { engine: "llama-server" } },
  /** Its chats go on as raw text. */
  "llama-server, thinking off": { server: { engine: "llama-server", quirks: { thinkingTags: true } } },
  vllm: { server: { engine: "vllm" } },
  sglang: { server: { engine: "sglang" } },
  "mlx-lm": {
    server: { engine: "mlx-lm" },
    upstream: { resume: { modelFolder: folder.path, stopStreams: false } },
    repeatsRole: true,
  },
  /** It shows what is continued once more. */
  ollama: { server: { engine: "ollama" }, upstream: { resume: { stopStreams: true } }, repeatsRole: true },
  /** It loses the space around that. */
  "ollama, trimming": {
    server: { engine: "ollama", quirks: { renderer: "go" } },
    upstream: { resume: { stopStreams: true } },
    repeatsRole: true,
  },
};

interface Case {
  readonly setup: string;
  readonly reasoningTokens: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number | undefined;
  readonly stop: string | undefined;
  readonly raw: boolean;
}

/** A text of its own, that a raw prompt ends in the middle of, is more than the simulated model remembers: there it makes words. */
function start({ setup, reasoningTokens, raw }: Case): Promise<GatewayUnderTest> {
  const { server, upstream = {} } = SETUPS[setup]!;
  return startGateway({
    server: { ...server, answer: raw ? { tokens: 50 } : { text: TEXT, reasoningTokens } },
    upstream,
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
}

function bodyOf({ stream, includeUsage, maxTokens, stop, raw }: Case, model: string): Json {
  return {
    model,
    stream,
    ...(raw ? { prompt: "Write." } : ASK),
    ...(stream && includeUsage && { stream_options: { include_usage: true } }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(stop !== undefined && { stop }),
  };
}

function pathOf({ raw }: Case): string {
  return raw ? "/v1/completions" : "/v1/chat/completions";
}

async function uninterrupted(it: GatewayUnderTest, body: Json, path: string): Promise<Heard> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return hear(await fetch(it.server.url + path, init));
}

/**
 * The engine holds back what may become a stop string, and with it a part of a token, which it makes again when it goes on: one
 * token more for each time.
 */
function assertSame(heard: Heard, whole: Heard, { stop, setup }: Case, cutOffs: number): void {
  const more = Number(heard.usage?.completion ?? 0) - Number(whole.usage?.completion ?? 0);
  assert.ok(more >= 0 && more <= (stop === undefined ? 0 : cutOffs), `${more} tokens more than uninterrupted`);
  const comparable = ({ roles, ...all }: Heard): unknown => {
    const told = SETUPS[setup]!.repeatsRole === true ? roles > 0 : roles;
    return { ...all, roles: told, usage: all.usage?.prompt };
  };
  assert.deepEqual(comparable(heard), comparable(whole));
}

const cases: fc.Arbitrary<Case> = fc.record({
  setup: fc.constantFrom(...Object.keys(SETUPS)),
  reasoningTokens: fc.constantFrom(0, 0, 8),
  stream: fc.boolean(),
  includeUsage: fc.boolean(),
  maxTokens: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  stop: fc.option(fc.constant("END_OF_TEXT"), { nil: undefined }),
  raw: fc.boolean(),
});
/** With a stop string the last token of a limit may go to a part of it. */
const settled = cases.map((asked) => (asked.stop === undefined ? asked : { ...asked, maxTokens: undefined }));
const cuts = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 6 }).map((all) => all.toSorted((a, b) => a - b));

test("wherever and however often an answer steps aside, its client hears what it would have heard", async () => {
  await fc.assert(
    fc.asyncProperty(settled, cuts, async (asked, at) => {
      await using it = await start(asked);
      const body = bodyOf(asked, it.server.model);
      const path = pathOf(asked);
      const whole = await uninterrupted(it, body, path);
      // A whole answer is streamed upstream once one has shown its form.
      if (!asked.stream) await (await it.post(`/foreground${path}`, body)).text();
      assertSame(await interruptedAt(it, body, { cuts: at, path }), whole, asked, at.length);
    }),
    tries(70),
  );
});

describe("an answer without a thought steps aside at every one of its tokens, and goes on", () => {
  const plain: Case = {
    setup: "",
    reasoningTokens: 0,
    stream: true,
    includeUsage: true,
    maxTokens: 200,
    stop: undefined,
    raw: false,
  };
  const uncounted: Partial<Case> = { includeUsage: false, maxTokens: undefined };
  const rows: readonly (readonly [setup: string, asked: Partial<Case>, atMostHeld: number])[] = [
    ["vllm", { stream: false }, 4],
    ["llama-server, thinking off", {}, 4],
    ["llama-server, thinking off", { stream: false }, 4],
    ["mlx-lm", {}, 4],
    ["mlx-lm", { stream: false }, 4],
    ["ollama", uncounted, 16],
    ["ollama, trimming", uncounted, 16],
  ];
  for (const [setup, differently, atMostHeld] of rows) {
    test(`${setup}, ${differently.stream === false ? "not streamed" : "streamed"}`, async () => {
      const asked = { ...plain, ...differently, setup };
      await using it = await start(asked);
      const body = bodyOf(asked, it.server.model);
      const whole = await uninterrupted(it, body, pathOf(asked));
      const tokens = Number((await uninterrupted(it, { ...body, stream: false }, pathOf(asked))).usage?.completion);
      if (!asked.stream) await (await it.post(`/background${pathOf(asked)}`, body)).text();
      for (let cut = 0; cut < tokens; cut++) {
        assertSame(await interruptedAt(it, body, { cuts: [cut] }), whole, asked, 1);
      }
      const records = it.ended.filter(({ priority }) => priority === 100);
      const wentOn = records.filter(({ parks, restarts }) => parks > restarts);
      assert.ok(wentOn.length >= tokens - atMostHeld, `${wentOn.length} of ${tokens} went on`);
    });
  }
});

describe("an answer with a thought, an emoji and a stop string steps aside at every one of its tokens", () => {
  for (const stream of [true, false]) {
    test(stream ? "streamed" : "not streamed", async () => {
      const asked: Case = {
        setup: "llama-server",
        reasoningTokens: 6,
        stream,
        includeUsage: true,
        maxTokens: 200,
        stop: "END_OF_TEXT",
        raw: false,
      };
      await using it = await start(asked);
      const body = bodyOf(asked, it.server.model);
      const whole = await uninterrupted(it, body, pathOf(asked));
      const tokens = Number(whole.usage?.completion);
      for (let cut = 0; cut < tokens; cut++) {
        assertSame(await interruptedAt(it, body, { cuts: [cut] }), whole, asked, 1);
      }
      const parks = it.ended.filter(({ priority }) => priority === 100).map((record) => record.parks);
      assert.ok(parks.filter((count) => count === 1).length >= tokens - 5, `parked only ${parks.join(" ")}`);
    });
  }
});

test("ten times in a row, one token apart", async () => {
  const asked: Case = {
    setup: "llama-server",
    reasoningTokens: 0,
    stream: true,
    includeUsage: true,
    maxTokens: 100,
    stop: undefined,
    raw: false,
  };
  await using it = await start(asked);
  const body = bodyOf(asked, it.server.model);
  const whole = await uninterrupted(it, body, pathOf(asked));
  const ten = Array.from({ length: 10 }, (_, n) => n + 3);
  assert.deepEqual(await interruptedAt(it, body, { cuts: ten }), whole);
  assert.equal(it.ended.findLast(({ priority }) => priority === 100)?.parks, 10);
});
