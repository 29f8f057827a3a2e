import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identifyServer } from "../../src/engines/detect.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { lmStudio } from "../../src/engines/lm-studio.ts";
import { ollama } from "../../src/engines/ollama.ts";
import { sglang } from "../../src/engines/sglang.ts";
import { unknownEngine } from "../../src/engines/unknown.ts";
import { vllm } from "../../src/engines/vllm.ts";
import { Reply, ScriptedProbe, type Script } from "./scripted-probe.ts";
import * as answers from "./server-answers.ts";

async function capacityOf(engine: Engine, script: Script): Promise<readonly unknown[] | undefined> {
  const capacity = await engine.capacity(new ScriptedProbe(script));
  return capacity === undefined ? undefined : [capacity.slots, capacity.source];
}

describe("the capacity", () => {
  it("of llama-server is the number of its slots", async () => {
    assert.deepEqual(await capacityOf(llamaServer, answers.LLAMA_SERVER), [4, "/props total_slots"]);
  });

  it("of LM Studio is the smallest of its loaded models'", async () => {
    assert.deepEqual(await capacityOf(lmStudio, answers.LM_STUDIO), [2, "/api/v1/models config.parallel"]);
  });

  it("of SGLang is the sum over its ranks", async () => {
    const source = "/server_info effective_max_running_requests_per_dp";
    assert.deepEqual(await capacityOf(sglang, answers.SGLANG), [256, source]);
    assert.deepEqual(await capacityOf(sglang, answers.SGLANG_OLD), [128, source]);
  });

  it("is not known where the server does not tell, or tells nonsense", async () => {
    assert.equal(await capacityOf(llamaServer, answers.LLAMA_ROUTER), undefined);
    assert.equal(await capacityOf(llamaServer, answers.LLAMA_SERVER_LOADING), undefined);
    assert.equal(await capacityOf(lmStudio, answers.LM_STUDIO_OLD), undefined);
    for (const engine of [llamaServer, lmStudio, sglang, ollama, unknownEngine]) {
      assert.equal(await capacityOf(engine, { answers: {} }), undefined, engine.name);
      assert.equal(await capacityOf(engine, answers.PLAIN), undefined, engine.name);
    }
    for (const slots of [0, -1, 1.5, "4", null, 1e300]) {
      assert.equal(
        await capacityOf(llamaServer, { answers: { "/props": { total_slots: slots } } }),
        undefined,
        String(slots),
      );
    }
  });
});

describe("the health", () => {
  for (const [title, [, script]] of Object.entries(answers.SERVERS)) {
    const expected = title.includes("loads") ? "loading" : "ready";
    it(`of ${title} is ${expected}, and down when nobody answers`, async () => {
      const engine = await identifyServer(new ScriptedProbe(script));
      // mlx_lm answers its health check, whatever else is slow.
      assert.equal(await engine!.health(new ScriptedProbe(script)), expected);
      assert.equal(await engine!.health(new ScriptedProbe({ answers: {} })), "down");
    });
  }

  it("of a server that wants a key is ready", async () => {
    const script: Script = { answers: {}, others: () => new Reply(401, { error: "Unauthorized" }) };
    for (const engine of [llamaServer, ollama, lmStudio, sglang, vllm, unknownEngine]) {
      assert.equal(await engine.health(new ScriptedProbe(script)), "ready", engine.name);
    }
  });

  it("is down when a proxy answers for a server that is away", async () => {
    const script: Script = { answers: {}, others: () => new Reply(502, "Bad Gateway") };
    for (const engine of [llamaServer, ollama, lmStudio, sglang, vllm, unknownEngine]) {
      assert.equal(await engine.health(new ScriptedProbe(script)), "down", engine.name);
    }
  });

  it("of vLLM is down, not loading, when its engine has died", async () => {
    assert.equal(await vllm.health(new ScriptedProbe({ answers: { "/health": new Reply(503, "") } })), "down");
  });
});

describe("the models", () => {
  it("are those of the OpenAI-style list", async () => {
    assert.deepEqual(await ollama.models(new ScriptedProbe(answers.OLLAMA)), ["llama3.2:latest", "qwen3:8b"]);
    assert.deepEqual(await llamaServer.models(new ScriptedProbe(answers.LLAMA_SERVER)), ["qwen3-4b"]);
  });

  it("are none in an empty list, and not known without one", async () => {
    assert.deepEqual(await lmStudio.models(new ScriptedProbe(answers.LM_STUDIO_EMPTY)), []);
    assert.equal(await llamaServer.models(new ScriptedProbe(answers.LLAMA_SERVER_LOADING)), undefined);
    assert.equal(await vllm.models(new ScriptedProbe(answers.VLLM_WITHOUT_KEY)), undefined);
  });
});
