import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engines/engine.ts";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { lmStudio } from "../../src/engines/lm-studio.ts";
import { mlxLm } from "../../src/engines/mlx-lm.ts";
import { ollama } from "../../src/engines/ollama.ts";
import { omlx } from "../../src/engines/omlx.ts";
import { sglang } from "../../src/engines/sglang.ts";
import { vllm } from "../../src/engines/vllm.ts";
import { topLevelFields } from "../../src/protocol/json-fields.ts";
import { JsonReader } from "../../src/protocol/json-reader.ts";
import { readFacts } from "../../src/protocol/request-facts.ts";
import { recognise } from "../../src/protocol/route.ts";
import { NOTHING_SAID, type Said } from "../../src/protocol/said.ts";
import { splice } from "../../src/protocol/splice.ts";

const ollamaWithStops = ollama.optIn!({ chatTemplate: undefined, stopStreams: true });

const CHAT = "/v1/chat/completions";
const COMPLETIONS = "/v1/completions";
const FLAGS = '"continue_final_message":true,"add_generation_prompt":false';
const HALF: Partial<Said> = { content: "It is", tokens: 3 };

/** What is sent to go on behind `said`; `undefined` where that engine cannot. */
function resumed(engine: Engine, path: string, body: string, said: Partial<Said>): string | undefined {
  const recognised = recognise("POST", path);
  assert.ok(recognised.kind === "work");
  const { route } = recognised;
  const bytes = Buffer.from(body);
  const fields = topLevelFields(bytes);
  const request = {
    route,
    facts: readFacts(route, bytes, fields),
    body: new JsonReader(fields),
    priority: 100,
    parkable: true,
  };
  const resumption = engine.resume?.(request, { ...NOTHING_SAID, ...said });
  return resumption && Buffer.from(splice(bytes, resumption.edits, fields)).toString();
}

const ASKED = '"messages":[{"role":"user","content":"Why?"}]';
const withAnswer = (message: string): string => `"messages":[{"role":"user","content":"Why?"},${message}]`;
const IT_IS = '{"role":"assistant","content":"It is"}';

describe("goes on behind what it said", () => {
  const rows: readonly [
    title: string,
    engine: Engine,
    path: string,
    body: string,
    said: Partial<Said>,
    sent: string,
  ][] = [
    ["llama-server", llamaServer, CHAT, `{${ASKED}}`, HALF, `{${withAnswer(IT_IS)},${FLAGS}}`],
    ["vLLM", vllm, CHAT, `{${ASKED}}`, HALF, `{${withAnswer(IT_IS)},${FLAGS}}`],
    ["SGLang", sglang, CHAT, `{${ASKED}}`, HALF, `{${withAnswer(IT_IS)},"continue_final_message":true}`],
    [
      "oMLX",
      omlx,
      CHAT,
      `{${ASKED}}`,
      HALF,
      `{${withAnswer('{"role":"assistant","content":"It is","partial":true}')}}`,
    ],
    [
      "llama-server inside a thought",
      llamaServer,
      CHAT,
      `{${ASKED},"stream":true}`,
      { reasoning: "Hm" },
      `{${withAnswer('{"role":"assistant","content":"","reasoning_content":"Hm"}')},"stream":true,${FLAGS}}`,
    ],
    [
      "with the tokens that are left",
      llamaServer,
      CHAT,
      `{${ASKED},"max_tokens":10}`,
      HALF,
      `{${withAnswer(IT_IS)},"max_tokens":7,${FLAGS}}`,
    ],
    [
      "in every way of telling them",
      vllm,
      CHAT,
      `{${ASKED},"max_tokens":10,"max_completion_tokens":8}`,
      HALF,
      `{${withAnswer(IT_IS)},"max_tokens":7,"max_completion_tokens":5,${FLAGS}}`,
    ],
    [
      "with a grammar, which llama-server restores",
      llamaServer,
      CHAT,
      `{${ASKED},"response_format":{"type":"json_object"}}`,
      HALF,
      `{${withAnswer(IT_IS)},"response_format":{"type":"json_object"},${FLAGS}}`,
    ],
    [
      "with what is left of the least that it must say",
      vllm,
      CHAT,
      `{${ASKED},"max_tokens":10,"min_tokens":9}`,
      HALF,
      `{${withAnswer(IT_IS)},"max_tokens":7,"min_tokens":6,${FLAGS}}`,
    ],
    [
      "with what is left of the limit that the engine gives raw text",
      vllm,
      COMPLETIONS,
      '{"prompt":"Once"}',
      { content: " upon", tokens: 3 },
      '{"prompt":"Once upon","max_tokens":13}',
    ],
    [
      "raw text",
      omlx,
      COMPLETIONS,
      '{"prompt":"Once","stream":true}',
      { content: " upon" },
      '{"prompt":"Once upon","stream":true}',
    ],
    [
      "Ollama, which may say it again, without the space that it would lose",
      ollamaWithStops,
      CHAT,
      `{${ASKED},"stream":true}`,
      { content: "It is as long as it must be \n" },
      `{${withAnswer('{"role":"assistant","content":"It is as long as it must be"}')},"stream":true}`,
    ],
  ];
  for (const [title, engine, path, body, said, sent] of rows) {
    it(title, () => assert.equal(resumed(engine, path, body, said), sent));
  }
});

describe("does not go on", () => {
  const rows: readonly [title: string, engine: Engine, path: string, body: string, said: Partial<Said>][] = [
    ["when the engine has no form for it: mlx_lm", mlxLm, CHAT, `{${ASKED}}`, HALF],
    ["when the engine has no form for it: LM Studio", lmStudio, CHAT, `{${ASKED}}`, HALF],
    ["when the engine has no form for it: Ollama", ollama, CHAT, `{${ASKED}}`, HALF],
    ["before Ollama could tell an echo", ollamaWithStops, CHAT, `{${ASKED},"stream":true}`, { content: "It is" }],
    ["with a penalty that would begin anew", vllm, CHAT, `{${ASKED},"presence_penalty":0.5}`, HALF],
    ["when the whole answer has a usage and nobody counts", omlx, CHAT, `{${ASKED}}`, { content: "It is" }],
    ["inside a thought where that is lost", vllm, CHAT, `{${ASKED}}`, { reasoning: "Hm", tokens: 1 }],
    ["when a tool was called", llamaServer, CHAT, `{${ASKED}}`, { ...HALF, calledTool: true }],
    ["with several answers", llamaServer, CHAT, `{${ASKED},"n":2}`, HALF],
    ["with log probabilities", llamaServer, CHAT, `{${ASKED},"logprobs":true}`, HALF],
    ["with a grammar that is not restored", vllm, CHAT, `{${ASKED},"guided_regex":"a+"}`, HALF],
    [
      "with a grammar of raw text, which would begin again",
      llamaServer,
      COMPLETIONS,
      '{"prompt":"a","grammar":"b"}',
      HALF,
    ],
    ["with tools whose grammar is not restored", vllm, CHAT, `{${ASKED},"tools":[{"type":"function"}]}`, HALF],
    ["when what was said would be said again", vllm, CHAT, `{${ASKED},"echo":true}`, HALF],
    ["with a least length while nobody counts", sglang, CHAT, `{${ASKED},"min_tokens":10}`, { content: "It is" }],
    [
      "when the client wants its usage and nobody counts",
      omlx,
      CHAT,
      `{${ASKED},"stream":true,"stream_options":{"include_usage":true}}`,
      { content: "It is" },
    ],
    ["behind an answer of the client's own", llamaServer, CHAT, `{${withAnswer(IT_IS)}}`, HALF],
    ["with a limit while nobody counts", sglang, CHAT, `{${ASKED},"max_tokens":10}`, { content: "It is" }],
    ["in the middle of a text", llamaServer, COMPLETIONS, '{"prompt":"a","suffix":"b"}', HALF],
    ["when the prompt is said again", llamaServer, COMPLETIONS, '{"prompt":"a","echo":true}', HALF],
    ["when the prompt is no text", llamaServer, COMPLETIONS, '{"prompt":[1,2]}', HALF],
    ["in a dialect without a form for it", llamaServer, "/v1/messages", `{${ASKED}}`, HALF],
  ];
  for (const [title, engine, path, body, said] of rows) {
    it(title, () => assert.equal(resumed(engine, path, body, said), undefined));
  }
});
