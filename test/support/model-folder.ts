import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The template of the simulated model, as its folder would have it. */
export const SIMULATED_TEMPLATE: string =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** A model's folder with these files, gone when it is disposed of. */
export class ModelFolder implements AsyncDisposable {
  readonly path: string;

  constructor(files: Readonly<Record<string, string>>) {
    this.path = mkdtempSync(join(tmpdir(), "headgate-model-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, name), text);
  }

  /** That of the simulated model. */
  static simulated(template: string = SIMULATED_TEMPLATE): ModelFolder {
    return new ModelFolder({
      "tokenizer_config.json": JSON.stringify({ chat_template: template, eos_token: "<|im_end|>" }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}
