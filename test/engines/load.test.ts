import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engines/engine.ts";
import { HttpProbe } from "../../src/engines/http-probe.ts";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { omlx } from "../../src/engines/omlx.ts";
import { sglang } from "../../src/engines/sglang.ts";
import { vllmMlx } from "../../src/engines/vllm-mlx.ts";
import { vllm } from "../../src/engines/vllm.ts";
import { startModelServer } from "../../src/testing/index.ts";
import { Reply, ScriptedProbe, type Script } from "./scripted-probe.ts";

const TELL = { "llama-server": llamaServer, "vllm-mlx": vllmMlx, omlx, vllm, sglang } as const;

function loadOf(engine: Engine, script: Script): Promise<number | undefined> {
  return engine.load!(new ScriptedProbe(script));
}

describe("the load of a server", () => {
  for (const [name, engine] of Object.entries(TELL) as [keyof typeof TELL, Engine][]) {
    it(`is what it runs and what waits there: ${name}`, async () => {
      await using server = await startModelServer({ engine: name, slots: 2, quirks: { waitsForLock: true } });
      const probe = new HttpProbe(new URL(server.url), undefined);
      assert.equal(await engine.load!(probe), 0);
      server.pauseTokens();
      const send = (): Promise<Response> =>
        fetch(`${server.url}/v1/chat/completions`, {
          method: "POST",
          body: JSON.stringify({ model: server.model, max_tokens: 2, messages: [{ role: "user", content: "Hello" }] }),
        });
      const answers = [send(), send(), send()];
      const runs = await server.when("started");
      await server.when("started", ({ id }) => id !== runs.id);
      await server.when("queued");
      assert.equal(await engine.load!(probe), 3);
      server.resumeTokens();
      for (const answer of answers) await (await answer).text();
      assert.equal(await engine.load!(probe), 0);
    });

    it(`is not known from nonsense, from an error, or from silence: ${name}`, async () => {
      assert.equal(await loadOf(engine, { answers: {} }), undefined);
      for (const body of ["", "[]", "{}", "null", "vllm:num_requests_running NaN", new Reply(503, "[]")]) {
        assert.equal(
          await loadOf(engine, { answers: {}, others: () => body }),
          body === "[]" ? emptyLoad(name) : undefined,
        );
      }
    });
  }

  it("of a llama-server without metrics is the number of its busy slots", async () => {
    const slots = [{ id: 0, is_processing: true }, { id: 1, is_processing: false }, { id: 2 }];
    const answers = { "/metrics": new Reply(501, { error: {} }), "/slots": slots };
    assert.equal(await loadOf(llamaServer, { answers }), 1);
  });

  it("of vLLM is the sum over its models and ranks", async () => {
    const metrics = [
      "# HELP vllm:num_requests_running Number of requests in model execution batches.",
      "# TYPE vllm:num_requests_running gauge",
      'vllm:num_requests_running{engine="0",model_name="org/model} 7"} 2.0',
      'vllm:num_requests_running{engine="1",model_name="m"} 3.0',
      'vllm:num_requests_running_other{engine="1"} 100.0',
      'vllm:num_requests_waiting{engine="0",model_name="m"} 4.0',
    ];
    assert.equal(await loadOf(vllm, { answers: { "/metrics": metrics.join("\n") } }), 9);
    assert.equal(await loadOf(vllm, { answers: { "/metrics": metrics.slice(0, 5).join("\n") } }), undefined);
  });

  it("of an older SGLang is told by its metrics", async () => {
    const metrics = 'sglang:num_running_reqs{model_name="m"} 2.0\nsglang:num_queue_reqs{model_name="m"} 1.0\n';
    assert.equal(await loadOf(sglang, { answers: { "/metrics": metrics } }), 3);
  });
});

/** An empty list of slots is one. */
function emptyLoad(name: string): number | undefined {
  return name === "llama-server" ? 0 : undefined;
}
