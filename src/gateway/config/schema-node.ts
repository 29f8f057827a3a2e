import * as z from "zod";
import type { ConfigPath } from "./config-path.ts";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema that the configuration's schema uses. */
export interface SchemaNode {
  readonly type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

let root: SchemaNode | undefined;

/** The schema of what people write, as JSON Schema (draft 2020-12): what editors complete from and other programs check with. */
export function jsonSchema(): SchemaNode {
  root ??= z.toJSONSchema(configSchema, {
    io: "input",
    override: ({ jsonSchema: node }) => {
      // The bound of whole numbers in JavaScript; it says nothing about the option.
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
    },
  }) as SchemaNode;
  return root;
}

/** What may stand at `path`; `undefined` when nothing may. */
export function nodeAt(path: ConfigPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = jsonSchema();
  for (const part of path) {
    if (typeof part === "number") node = node?.items;
    else if (node?.properties !== undefined && Object.hasOwn(node.properties, part)) node = node.properties[part];
    else node = node?.additionalProperties === false ? undefined : node?.additionalProperties;
  }
  return node;
}

/** Every option outside of lists, in order: `["queue", "maxWaiting"]`. A list is one option. */
export function optionPaths(node: SchemaNode = jsonSchema(), above: readonly string[] = []): (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = [...above, name];
    return child.properties === undefined ? [path] : optionPaths(child, path);
  });
}

/** What must stand at a node, as the end of "it must be …". */
export function expectation(node: SchemaNode, path: ConfigPath): string {
  if (node.anyOf !== undefined) return node.anyOf.map((choice) => expectation(choice, path)).join(", or ");
  if (node.enum !== undefined) return listOf(node.enum);
  switch (node.type) {
    case "integer":
      return `a whole number${unitOf(path)}${rangeOf(node)}`;
    case "number":
      return `a number${unitOf(path)}${rangeOf(node)}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
      return "a mapping of names to values";
    case "string":
    case undefined:
  }
  return "text";
}

function listOf(words: readonly string[]): string {
  return words.length < 3 ? words.join(" or ") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function unitOf(path: ConfigPath): string {
  const name = path.at(-1)?.toString() ?? "";
  if (name.endsWith("Ms")) return " of milliseconds";
  return /bytes$/i.test(name) ? " of bytes" : "";
}

function rangeOf({ minimum, maximum }: SchemaNode): string {
  const from = minimum === undefined ? "" : ` from ${minimum}`;
  return maximum === undefined ? from : `${from} to ${maximum}`;
}
