import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { startModelServer, type SimulatedEngine } from "../../src/testing/index.ts";

const ENGINES: readonly SimulatedEngine[] = [
  "llama-server",
  "ollama",
  "lm-studio",
  "mlx-vlm",
  "vllm-mlx",
  "omlx",
  "vllm",
  "sglang",
  "plain",
  "simulated",
];

const ASK = {
  max_tokens: 400,
  messages: [{ role: "user", content: "Which way does the queue go?" }],
} satisfies Partial<Anthropic.MessageCreateParams>;

const WEATHER: Anthropic.Tool = {
  name: "weather",
  input_schema: { type: "object", properties: { city: { type: "string" } } },
};

for (const engine of ENGINES) {
  describe(`the Anthropic client and ${engine}`, () => {
    const start = (answer = {}): ReturnType<typeof startModelServer> =>
      startModelServer({ engine, answer, timing: { prefillMsPerToken: 0, decodeMsPerToken: 0 }, strict: true });

    it("a stream builds the message that the whole answer is", async () => {
      await using server = await start({ reasoningTokens: 10 });
      const { messages } = new Anthropic({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
      const whole = await messages.create({ model: server.model, ...ASK });
      const streamed = await messages.stream({ model: server.model, ...ASK }).finalMessage();
      assert.deepEqual(streamed.content, whole.content);
      assert.deepEqual(
        whole.content.map(({ type }) => type),
        ["thinking", "text"],
      );
      assert.equal(streamed.stop_reason, "end_turn");
      assert.equal(streamed.usage.output_tokens, whole.usage.output_tokens);
    });

    it("a tool is used, a limit and a stop sequence are told", async () => {
      await using server = await start();
      const { messages } = new Anthropic({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
      const asked = { model: server.model, ...ASK, tools: [WEATHER], tool_choice: { type: "any" } } as const;
      const whole = await messages.create({ ...asked, tools: [...asked.tools] });
      const streamed = await messages.stream({ ...asked, tools: [...asked.tools] }).finalMessage();
      const [used, again] = [whole, streamed].map(({ content }) => content.at(-1) as Anthropic.ToolUseBlock);
      assert.equal(whole.stop_reason, "tool_use");
      assert.equal(used!.name, "weather");
      assert.deepEqual(again!.input, used!.input);
      const limited = await messages.create({ model: server.model, ...ASK, max_tokens: 5 });
      assert.equal(limited.stop_reason, "max_tokens");
      const text = (await messages.create({ model: server.model, ...ASK })).content[0] as Anthropic.TextBlock;
      const stop = text.text.slice(-9, -3);
      const stopped = await messages.create({ model: server.model, ...ASK, stop_sequences: [stop] });
      assert.equal(stopped.stop_sequence, stop);
    });
  });
}
