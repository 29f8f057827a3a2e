import { createRequire } from "node:module";

/** What is used of `@huggingface/jinja`, whose own declarations do not compile for Node's module resolution. */
interface Jinja {
  readonly Template: new (source: string) => { render(context: Readonly<Record<string, unknown>>): string };
}

const require = createRequire(import.meta.url);

/** One message, its content as one text. */
export interface PlainMessage {
  readonly role: string;
  readonly content: string;
}

/** Special tokens by their names in templates: `bos_token`, `eos_token`. */
export type SpecialTokens = Readonly<Record<string, string>>;

/** A model's own chat template, rendered as the server does it (transformers, `apply_chat_template`). */
export class ChatTemplate {
  readonly #template: InstanceType<Jinja["Template"]>;
  readonly #tokens: SpecialTokens;

  /** @throws {Error} when `source` is no template. */
  constructor(source: string, tokens: SpecialTokens) {
    // Most gateways have no use for it, so it is loaded here.
    const { Template } = require("@huggingface/jinja") as Jinja;
    this.#template = new Template(source);
    this.#tokens = tokens;
  }

  /** What begins every text of the model, if it has such a mark. */
  get beginning(): string {
    return this.#tokens["bos_token"] ?? "";
  }

  /** The text up to where the model's answer begins; `undefined` when the template takes no such conversation. */
  render(messages: readonly PlainMessage[], options: Readonly<Record<string, unknown>> = {}): string | undefined {
    try {
      return this.#template.render({ ...this.#tokens, ...options, messages, add_generation_prompt: true });
    } catch {
      return undefined;
    }
  }
}
