import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { onItsWay } from "./on-its-way.ts";

/** Path and body; then the body sent, whether it is streamed although the client did not ask, and what is hidden. */
type Row = readonly [path: string, body: string, sent: string, forced: boolean, hide: readonly string[]];

const CHAT = "/v1/chat/completions";
const USAGE = '"stream_options":{"include_usage":true}';
const PROGRESS = '"return_progress":true';

function table(rows: readonly Row[]): void {
  for (const [path, body, sent, forced, hide] of rows) {
    it(`${path} ${body}`, () => {
      const outgoing = onItsWay(llamaServer, path, body);
      assert.equal(outgoing.sent, sent);
      assert.deepEqual([outgoing.forceStream, outgoing.hide], [forced, hide]);
    });
  }
}

describe("a stream of llama-server's is asked for its progress, which is then hidden", () => {
  table([
    [CHAT, '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
    ["/chat/completions", '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
    [CHAT, '{"return_progress":false,"stream":true}', `{${PROGRESS},"stream":true}`, false, ["progress"]],
    ["/v1/completions", '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
    ["/v1/responses", '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
    ["/completion", '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
    ["/infill", '{"stream":true}', `{"stream":true,${PROGRESS}}`, false, ["progress"]],
  ]);
});

describe("what the client of a stream asked for itself is not hidden", () => {
  table([
    [CHAT, `{"stream":true,${USAGE}}`, `{"stream":true,${USAGE},${PROGRESS}}`, false, ["progress"]],
    [CHAT, `{"stream":true,${PROGRESS}}`, `{"stream":true,${PROGRESS}}`, false, []],
  ]);
});

describe("a stream without a form for progress is left alone", () => {
  table([["/v1/messages", '{"stream":true}', '{"stream":true}', false, []]]);
});

describe("an answer that is not streamed is streamed by llama-server where a stream tells all of it", () => {
  table([
    [CHAT, "{}", `{"stream":true,${USAGE},${PROGRESS}}`, true, ["progress"]],
    [CHAT, '{"stream":false}', `{"stream":true,${USAGE},${PROGRESS}}`, true, ["progress"]],
    [CHAT, `{"stream":null,${PROGRESS}}`, `{"stream":true,${PROGRESS},${USAGE}}`, true, ["progress"]],
    [CHAT, '{"tools":[],"n":1}', `{"tools":[],"n":1,"stream":true,${USAGE},${PROGRESS}}`, true, ["progress"]],
    ["/v1/completions", '{"prompt":"x"}', `{"prompt":"x","stream":true,${PROGRESS}}`, true, ["progress"]],
    ["/completion", '{"prompt":"x"}', `{"prompt":"x","stream":true,${PROGRESS}}`, true, ["progress"]],
    ["/v1/responses", '{"input":"x"}', `{"input":"x","stream":true,${PROGRESS}}`, true, ["progress"]],
    ["/v1/messages", '{"max_tokens":9}', '{"max_tokens":9,"stream":true}', true, []],
  ]);
});

describe("an answer that a stream would not tell wholly is not streamed", () => {
  const untouched = (path: string, body: string): Row => [path, body, body, false, []];
  table([
    untouched(CHAT, '{"n":2}'),
    untouched(CHAT, '{"logprobs":true}'),
    untouched(CHAT, '{"tools":[{"type":"function"}]}'),
    untouched("/v1/messages", '{"tools":[{"name":"f"}]}'),
    untouched("/v1/completions", '{"prompt":["a","b"]}'),
    untouched("/completion", '{"prompt":["a","b"]}'),
    untouched("/completion", '{"prompt":"a","n_probs":2}'),
    untouched("/completion", '{"prompt":"a","response_fields":["content"]}'),
    untouched("/completion", '{"prompt":"a","return_tokens":true}'),
    untouched("/v1/responses", '{"tools":[{"type":"function"}]}'),
    untouched("/v1/embeddings", '{"input":"x"}'),
    untouched("/rerank", "{}"),
    untouched("/v1/audio/speech", "{}"),
  ]);
});

describe("llama-server", () => {
  it("is never shown a conversation id, which would keep it generating for nobody", () => {
    for (const path of [CHAT, "/v1/messages", "/v1/embeddings", "/v1/audio/transcriptions"]) {
      const { dropHeaders } = onItsWay(llamaServer, path, "{}");
      assert.ok(dropHeaders.includes("x-conversation-id"), path);
    }
  });

  it("gets the client's own words, however it spells them", () => {
    const body =
      '\ufeff{ "messages" : [ {"role":"user","content":"\\u00e9 é 😀"} ] ,\n "temperature":1e-0, "x":12345678901234567890 }';
    const { sent } = onItsWay(llamaServer, CHAT, body);
    assert.equal(sent, body.replace("67890 }", `67890,"stream":true,${USAGE},${PROGRESS} }`));
  });
});
