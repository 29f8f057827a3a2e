import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChatTemplate } from "../../src/engines/chat-template.ts";
import { mlxResume } from "../../src/engines/mlx-resume.ts";
import type { Ask, Proof } from "../../src/engines/raw-resume.ts";

const BOS = "<s>";
const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}" +
  "{% if add_generation_prompt %}[assistant]{% endif %}{% if enable_thinking %}<think>\n{% endif %}";

/** A server that counts words, and puts `before` in front of every raw prompt. */
function server({ before = "", chatWords = 0 }: { before?: string; chatWords?: number }): Ask {
  const own = new ChatTemplate(TEMPLATE, { bos_token: `${BOS} ` });
  return (path, body) => {
    const { prompt, messages } = body as { prompt?: string; messages?: { role: string; content: string }[] };
    const text = path.includes("chat") ? own.render(messages!)! : before + prompt!;
    const more = path.includes("chat") ? chatWords : 0;
    const usage = { prompt_tokens: text.split(/\s+/).filter(Boolean).length + more, completion_tokens: 1 };
    const chunk = JSON.stringify({ choices: [], usage });
    return Promise.resolve({
      status: 200,
      headers: {},
      text: `: keepalive 1/1\n\ndata: ${chunk}\n\ndata: [DONE]\n\n`,
      json: undefined,
    });
  };
}

const proofOf = (template: string, ask: Ask): Promise<Proof | undefined> =>
  mlxResume(new ChatTemplate(template, { bos_token: `${BOS} ` })).prove!(ask, "m");

describe("the trial of a chat template that is rendered here", () => {
  it("succeeds where the server counts as many tokens of both prompts", async () => {
    assert.deepEqual(await proofOf(TEMPLATE, server({})), { marksBeginning: false });
  });

  it("leaves the mark of a beginning out where the server puts its own before a raw prompt", async () => {
    assert.deepEqual(await proofOf(TEMPLATE, server({ before: `${BOS} ` })), { marksBeginning: true });
  });

  const refusals: readonly (readonly [string, string, Ask])[] = [
    ["where the server gives its model something else besides", TEMPLATE, server({ chatWords: 1 })],
    ["where the template says something else", `${TEMPLATE} indeed`, server({})],
    ["where the template leaves a thought open", `${TEMPLATE}<think>`, server({})],
    ["where the server does not answer", TEMPLATE, () => Promise.resolve(undefined)],
    [
      "where the server refuses",
      TEMPLATE,
      () => Promise.resolve({ status: 404, headers: {}, text: '{"error":"no"}', json: { error: "no" } }),
    ],
  ];
  for (const [title, template, ask] of refusals) {
    it(`fails ${title}`, async () => assert.equal(await proofOf(template, ask), undefined));
  }
});
