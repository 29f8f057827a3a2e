import type { Place } from "./config-error.ts";
import type { ConfigPath } from "./config-path.ts";
import { expectation, type SchemaNode } from "./schema-node.ts";
import { shortForm, type Reading } from "./short-forms.ts";

/** A value that an environment variable or a flag puts at one place of the configuration. */
export interface Setting extends Place {
  readonly path: ConfigPath;
  readonly value: unknown;
}

/**
 * Reads the text of an environment variable or of one flag as what the option at `path` takes. Lists are written with commas
 * between their items, or as JSON. Text that is not what the option takes is returned as it is: the schema complains of it.
 */
export function readText(path: ConfigPath, node: SchemaNode | undefined, text: string): Reading {
  if (node?.type === "array")
    return /^\s*\[/.test(text) ? readJson(path, node, text) : readList(path, node, text.split(","));
  if (node?.type === "object") return readJson(path, node, text);
  if (node?.type === "boolean") return { value: BOOLEANS.get(text.trim().toLowerCase()) ?? text };
  const takesNumbers = [node, ...(node?.anyOf ?? [])].some((n) => n?.type === "number" || n?.type === "integer");
  return { value: takesNumbers && NUMBER.test(text.trim()) ? Number(text) : text };
}

/** Reads the items of a list, each in its short form or as it is. */
export function readList(path: ConfigPath, node: SchemaNode | undefined, items: readonly string[]): Reading {
  const value: unknown[] = [];
  for (const item of items.map((text) => text.trim()).filter((text) => text !== "")) {
    const reading = shortForm([...path, value.length], item) ?? readText([...path, value.length], node?.items, item);
    if ("complaint" in reading) return reading;
    value.push(reading.value);
  }
  return { value };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["no", false],
  ["off", false],
]);

function readJson(path: ConfigPath, node: SchemaNode, text: string): Reading {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { complaint: { path, what: "is not JSON", expected: `${expectation(node, path)}, written as JSON` } };
  }
}
