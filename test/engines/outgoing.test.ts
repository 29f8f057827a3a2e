import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identifyServer } from "../../src/engines/detect.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { lmStudio } from "../../src/engines/lm-studio.ts";
import { mlxLm } from "../../src/engines/mlx-lm.ts";
import { mlxVlm } from "../../src/engines/mlx-vlm.ts";
import { ollama } from "../../src/engines/ollama.ts";
import { omlx } from "../../src/engines/omlx.ts";
import { sglang } from "../../src/engines/sglang.ts";
import { simulated } from "../../src/engines/simulated.ts";
import { unknownEngine } from "../../src/engines/unknown.ts";
import { vllmMlx } from "../../src/engines/vllm-mlx.ts";
import { vllm } from "../../src/engines/vllm.ts";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { onItsWay } from "./on-its-way.ts";
import { ScriptedProbe } from "./scripted-probe.ts";
import { SGLANG } from "./server-answers.ts";

const PLAIN_ENGINES = [ollama, lmStudio, mlxLm, mlxVlm, vllmMlx, omlx, vllm, sglang, simulated, unknownEngine];
const ALL_ENGINES = [llamaServer, ...PLAIN_ENGINES];

const CHAT = "/v1/chat/completions";

/** An SGLang started with these flags. */
async function sglangWith(flags: object): Promise<Engine> {
  const info = { ...flags, internal_states: [] };
  const script = { ...SGLANG, answers: { ...SGLANG.answers, "/server_info": info } };
  return (await identifyServer(new ScriptedProbe(script)))!;
}

describe("a request on its way", () => {
  it("stays as it came on every engine but llama-server", () => {
    const body =
      '{ "model" : "m", "stream":true, "seed": 7, "service_tier":"flex", "keep_alive": -1, "x": [1e400, null] }';
    for (const engine of PLAIN_ENGINES) {
      for (const path of [CHAT, "/v1/completions", "/v1/messages", "/api/chat", "/v1/embeddings", "/v1/responses"]) {
        const { sent, ...rest } = onItsWay(engine, path, body);
        assert.equal(sent, body, engine.name);
        assert.deepEqual(rest, { edits: [], dropHeaders: [], forceStream: false, hide: [] }, engine.name);
      }
    }
  });

  it("is never edited where its body is not read", () => {
    for (const engine of ALL_ENGINES) {
      const { sent, edits, forceStream } = onItsWay(engine, "/v1/audio/transcriptions", "--boundary\r\n");
      assert.deepEqual([sent, edits, forceStream], ["--boundary\r\n", [], false], engine.name);
    }
  });

  it("loses a priority in its body, whatever it is and wherever it goes", () => {
    for (const engine of ALL_ENGINES) {
      for (const priority of ["5", "-3.5", '"high"', "true", "null", "{}", "[1]"]) {
        for (const path of ["/v1/embeddings", "/rerank", "/generate", "/api/embed", "/v1/messages"]) {
          const { sent } = onItsWay(engine, path, `{"a":1,"priority":${priority},"stream":true}`);
          assert.equal(sent, '{"a":1,"stream":true}', `${engine.name} ${path}`);
        }
      }
    }
  });
});

describe("a request on its way to SGLang", () => {
  const asked = (value: string): string => `{"priority":${value}}`;

  it("has its own priority in the server's direction, if it asked with a number and the server knows priorities", async () => {
    const larger = await sglangWith({ enable_priority_scheduling: true });
    const smaller = await sglangWith({ enable_priority_scheduling: true, schedule_low_priority_values_first: true });
    for (const path of [CHAT, "/v1/completions", "/v1/embeddings"]) {
      assert.equal(onItsWay(larger, path, asked("3"), { priority: 100 }).sent, asked("-100"));
      assert.equal(onItsWay(smaller, path, asked("3"), { priority: 100 }).sent, asked("100"));
      assert.equal(onItsWay(larger, path, asked("3"), { priority: 0 }).sent, asked("0"));
    }
    assert.equal(onItsWay(larger, CHAT, asked("0"), { priority: 0.5 }).sent, asked("-1"));
    assert.equal(onItsWay(smaller, CHAT, asked("0"), { priority: 1e30 }).sent, asked("2147483647"));
    assert.equal(onItsWay(smaller, CHAT, asked("0"), { priority: -1e30 }).sent, asked("-2147483647"));
  });

  it("gets no priority that it did not ask for", async () => {
    const engine = await sglangWith({ enable_priority_scheduling: true });
    assert.equal(onItsWay(engine, CHAT, '{"n":1}', { priority: 100 }).sent, '{"n":1}');
    for (const value of ['"high"', "true", "null"]) assert.equal(onItsWay(engine, CHAT, asked(value)).sent, "{}");
  });

  it("loses it where the server, or the route, knows none", async () => {
    const ready = await sglangWith({ enable_priority_scheduling: true });
    assert.equal(onItsWay(ready, "/v1/messages", asked("3")).sent, "{}");
    assert.equal(onItsWay(await sglangWith({}), CHAT, asked("3")).sent, "{}");
    assert.equal(onItsWay(sglang, CHAT, asked("3")).sent, "{}");
  });
});

describe("a request on its way to mlx_lm", () => {
  const rows: readonly (readonly [string, string])[] = [
    ['{"stream":true,"stream_options":{}}', '{"stream":true,"stream_options":{"include_usage":false}}'],
    ['{"stream":true,"stream_options":{"x":1}}', '{"stream":true,"stream_options":{"x":1,"include_usage":false}}'],
    [
      '{"stream":true,"stream_options":{"include_usage":true}}',
      '{"stream":true,"stream_options":{"include_usage":true}}',
    ],
    ['{"stream":true,"stream_options":null}', '{"stream":true,"stream_options":null}'],
    ['{"stream_options":{},"stop":["a"]}', '{"stream_options":{},"stop":["a"]}'],
  ];
  for (const [body, sent] of rows) {
    it(`is ${body === sent ? "left alone" : "saved from failing at its end"}: ${body}`, () => {
      assert.equal(onItsWay(mlxLm, CHAT, body).sent, sent);
    });
  }
});

describe("a whole answer of mlx_lm, which would be computed to its end for nobody", () => {
  const USAGE = '"stream_options":{"include_usage":true}';
  const forced = (path: string, body: string, sent: string): void => {
    const outgoing = onItsWay(mlxLm, path, body);
    assert.deepEqual([outgoing.sent, outgoing.forceStream, outgoing.hide], [sent, true, []]);
  };

  it("is asked for as a stream", () => {
    forced(CHAT, "{}", `{"stream":true,${USAGE}}`);
    forced(CHAT, '{"stream":false,"stream_options":{},"stop":null}', `{"stream":true,${USAGE},"stop":null}`);
    forced("/v1/completions", '{"prompt":"x"}', `{"prompt":"x","stream":true,${USAGE}}`);
  });

  it("is left alone where a stream would not tell all of it", () => {
    for (const more of ['"tools":[{"type":"function"}]', '"logprobs":true', '"n":2', '"stop":"a"', '"stop":["a"]']) {
      const { sent, forceStream } = onItsWay(mlxLm, CHAT, `{${more}}`);
      assert.deepEqual([sent, forceStream], [`{${more}}`, false]);
    }
  });
});

describe("closing the connection of a running request", () => {
  const may = (engine: Engine): readonly boolean[] => [true, false].map((streaming) => engine.mayAbort({ streaming }));

  it("is safe for Ollama only where the answer is not streamed", () => {
    assert.deepEqual(may(ollama), [false, true]);
  });

  it("stops the MLX servers only where the answer is streamed", () => {
    assert.deepEqual(
      [may(mlxLm), may(mlxVlm)],
      [
        [true, false],
        [true, false],
      ],
    );
  });

  it("is safe and stops the work everywhere else", () => {
    for (const engine of [llamaServer, lmStudio, vllmMlx, omlx, vllm, sglang])
      assert.deepEqual(may(engine), [true, true]);
  });
});
