import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startModelServer } from "../../src/testing/index.ts";
import { post, USER } from "./talk.ts";

const PATHS = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/messages/count_tokens",
  "/v1/embeddings",
  "/v1/rerank",
  "/api/chat",
  "/api/generate",
  "/api/embed",
  "/completion",
  "/apply-template",
  "/tokenize",
  "/score",
  "/abort_request",
];

const MEMBERS = [
  "messages",
  "prompt",
  "input",
  "model",
  "stream",
  "stream_options",
  "max_tokens",
  "stop",
  "n",
  "tools",
  "tool_choice",
  "response_format",
  "format",
  "options",
  "think",
  "keep_alive",
  "query",
  "documents",
  "continue_final_message",
  "chat_template_kwargs",
  "priority",
  "system",
];

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant([USER]),
  fc.constantFrom(1e300, -1, 0.5, 2 ** 31),
  fc.constant([{ role: "assistant", content: [{ type: "text", text: "x" }, "y", 3, null] }, 7]),
  fc.constant({ type: "json_schema", json_schema: { schema: { enum: [] } } }),
  fc.constant([{ function: { name: "f", parameters: { type: ["array"], items: 3 } } }]),
);

const body = fc.dictionary(fc.constantFrom(...MEMBERS), value, { maxKeys: 6 });

test("no body, however senseless, is more than a refusal", async () => {
  for (const engine of ["llama-server", "simulated", "vllm", "sglang", "omlx"] as const) {
    await using server = await startModelServer({
      engine,
      answer: { tokens: 5 },
      timing: { prefillMsPerToken: 0, decodeMsPerToken: 0 },
      strict: true,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), body, async (path, sent) => {
        const answer = await post(server, path, sent);
        await answer.text();
        assert.notEqual(answer.status, 500, `${server.served.at(-1)!.body.toString()} at ${path}`);
      }),
      { numRuns: 80 },
    );
    for (const path of ["//", "/v1/models/%E0%A4%A", "/?%", "/slots?fail_on_no_slot"]) {
      assert.ok((await fetch(`${server.url}${path}`)).status > 0);
    }
    assert.equal((await post(server, "/v1/chat/completions", { messages: [USER] })).status, 200);
    assert.deepEqual([server.live, server.slots.busy], [0, 0]);
  }
});
