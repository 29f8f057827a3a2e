import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { templateIn } from "../../src/gateway/model-folder.ts";
import { ModelFolder } from "../support/model-folder.ts";

const TOKENS = { bos_token: { content: "<s>", special: true }, eos_token: "</s>", pad_token: null };
const TEMPLATE = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ eos_token }}";
const OTHER = "other";

async function said(files: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const texts = Object.entries(files).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  await using folder = new ModelFolder(Object.fromEntries(texts) as Record<string, string>);
  return (await templateIn(folder.path)).render([{ role: "user", content: "x" }]);
}

describe("a model's chat template is found", () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["in its tokenizer's configuration", { "tokenizer_config.json": { ...TOKENS, chat_template: TEMPLATE } }],
    [
      "among several, by its name",
      {
        "tokenizer_config.json": {
          ...TOKENS,
          chat_template: [
            { name: "tool_use", template: OTHER },
            { name: "default", template: TEMPLATE },
          ],
        },
      },
    ],
    [
      "in a file of its own, which goes before",
      { "chat_template.jinja": TEMPLATE, "tokenizer_config.json": { ...TOKENS, chat_template: OTHER } },
    ],
    [
      "in a JSON file of its own",
      {
        "chat_template.json": { chat_template: TEMPLATE },
        "tokenizer_config.json": { ...TOKENS, chat_template: OTHER },
      },
    ],
  ];
  for (const [title, files] of rows) {
    it(title, async () => assert.equal(await said(files), "<s>x</s>"));
  }

  it("or its lack is told", async () => {
    await assert.rejects(
      said({ "tokenizer_config.json": TOKENS }),
      /has no chat template: is it the folder of a model\?/,
    );
    await assert.rejects(templateIn("/nowhere/at/all"), /^Error: all has no chat template/);
  });
});
