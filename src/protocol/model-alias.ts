import { parsePriority } from "./priority.ts";

/**
 * Splits `MODEL@PRIORITY`, as in `llama3@background` or `llama3@50`: a priority for clients that let their user choose nothing but
 * a model. The name is left alone unless what follows its last `@` is a priority: `qwen3@q4_k_m` is a model.
 *
 * A model may really be named `text@001`. Whoever knows the models asks them for the whole name first.
 */
export function splitModelAlias(name: string): { readonly model: string; readonly priority?: number } {
  const at = name.lastIndexOf("@");
  if (at <= 0) return { model: name };
  const parsed = parsePriority(name.slice(at + 1));
  return "priority" in parsed ? { model: name.slice(0, at), priority: parsed.priority } : { model: name };
}
