import { createHash } from "node:crypto";
import type { JsonObject } from "../protocol/untrusted-json.ts";

/** More groups than a batch has lines. */
const GROUPS_PER_MODEL = 1_000_000;
/** Of a prompt that is one text: what two lines have in common is at its beginning, or not worth keeping. */
const PREFIX_CHARACTERS = 256;

/**
 * Numbers lines so that those of one model, and among them those whose prompts begin alike, run one after the other: the server then
 * changes models seldom, and finds the beginning of the prompt in its cache. Groups come in the order of their first line, so that a
 * batch without either keeps its order.
 */
export class GroupNumbers {
  readonly #models = new Map<string | null, { readonly index: number; readonly prefixes: Map<string, number> }>();

  of(model: string | null, body: JsonObject): number {
    let known = this.#models.get(model);
    if (known === undefined) {
      known = { index: this.#models.size, prefixes: new Map() };
      this.#models.set(model, known);
    }
    const key = createHash("sha1")
      .update(JSON.stringify(beginning(body)))
      .digest("base64");
    const prefix = known.prefixes.get(key) ?? known.prefixes.size;
    known.prefixes.set(key, prefix);
    return known.index * GROUPS_PER_MODEL + prefix;
  }
}

/** What the server reads first: tools and instructions before any message of the user's. */
function beginning({ messages, prompt, instructions, tools, input }: JsonObject): unknown {
  const turns = Array.isArray(messages) ? messages : Array.isArray(input) ? input : [];
  const first = turns[0] as unknown;
  const role = typeof first === "object" && first !== null && "role" in first ? first.role : undefined;
  const system = role === "system" || role === "developer" ? first : null;
  const text = typeof prompt === "string" ? prompt.slice(0, PREFIX_CHARACTERS) : null;
  return [tools ?? null, instructions ?? null, system, text];
}
