import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readError } from "../../src/protocol/upstream-error.ts";

describe("an error inside an answer", () => {
  it("is told in the engine's words, in each form that engines have for it", () => {
    const full = { message: "no room", type: "server_error", code: 500 };
    assert.deepEqual(readError({ error: full }), full, "OpenAI, llama-server");
    assert.deepEqual(readError({ error: "no room" }), { message: "no room" }, "Ollama, mlx_lm, mlx-vlm");
    assert.deepEqual(
      readError({ type: "error", error: { type: "overloaded_error", message: "no room" } }),
      { message: "no room", type: "overloaded_error" },
      "Anthropic",
    );
    assert.deepEqual(
      readError({ type: "error", code: "x", message: "no room" }),
      { message: "no room", code: "x" },
      "Responses",
    );
    assert.deepEqual(
      readError({ type: "response.failed", response: { status: "failed", error: { code: "x", message: "no room" } } }),
      { message: "no room", code: "x" },
      "Responses, a failed response",
    );
    assert.deepEqual(readError(full, "error"), full, "llama-server's event: error");
    assert.deepEqual(
      readError({ object: "error", message: "no room", code: 40 }),
      { message: "no room", code: 40 },
      "vLLM",
    );
    assert.deepEqual(readError({ detail: { error: "busy", message: "no room" } }), { message: "no room" }, "vllm-mlx");
    assert.deepEqual(readError({ detail: "no room" }), { message: "no room" }, "FastAPI");
    assert.deepEqual(readError({ detail: [{ loc: ["body"], msg: "no room", type: "missing" }] }), {
      message: "no room",
      type: "missing",
    });
  });

  it("has a message even if the engine gave none", () => {
    assert.match(readError({ error: { status: 3 } })?.message ?? "", /did not say which/);
    assert.equal(
      readError({ object: "response", status: "cancelled", error: null })?.message,
      "the response was cancelled",
    );
  });

  it("is not seen in an answer that has empty or unrelated members of these names", () => {
    for (const nothing of [null, false, "", {}]) assert.equal(readError({ error: nothing, choices: [] }), undefined);
    assert.equal(readError({ object: "response", status: "completed", error: null }), undefined);
    assert.equal(readError({ detail: "high", data: [] }), undefined);
    assert.equal(readError({ detail: null }), undefined);
  });
});
