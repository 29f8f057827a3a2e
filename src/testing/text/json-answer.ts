import { mix } from "./hash.ts";
import { wordOf } from "./words.ts";

const DEEPEST = 6;

/** The text of a JSON value that fits `schema` (`true`: some object), different for different `hash`. */
export function jsonAnswer(schema: unknown, hash: number): string {
  return textOf(isRecord(schema) ? valueOf(schema, hash, 0) : { answer: words(hash) });
}

export function toolArguments(schema: unknown, hash: number): string {
  return textOf(isRecord(schema) ? valueOf(schema, hash, 0) : {});
}

/** A schema that allows nothing gets `null`. */
function textOf(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function valueOf(schema: unknown, hash: number, depth: number): unknown {
  if (!isRecord(schema) || depth > DEEPEST) return null;
  if (Array.isArray(schema["enum"])) return (schema["enum"] as unknown[])[hash % Math.max(1, schema["enum"].length)];
  if ("const" in schema) return schema["const"];
  const type: unknown = Array.isArray(schema["type"]) ? (schema["type"] as unknown[])[0] : schema["type"];
  switch (type) {
    case "string":
      return words(hash);
    case "integer":
      return hash % 100;
    case "number":
      return (hash % 1000) / 10;
    case "boolean":
      return hash % 2 === 0;
    case "array":
      return [0, 1].map((index) => valueOf(schema["items"] ?? { type: "string" }, mix(hash, index), depth + 1));
    case "null":
      return null;
    default:
      return objectOf(schema, hash, depth);
  }
}

function objectOf(schema: Record<string, unknown>, hash: number, depth: number): Record<string, unknown> {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const members = Object.entries(properties).map(([name, of], index) => [
    name,
    valueOf(of, mix(hash, index), depth + 1),
  ]);
  return Object.fromEntries(members) as Record<string, unknown>;
}

function words(hash: number): string {
  return [0, 1, 2, 3].map((index) => wordOf(mix(hash, index)).text.replace("\n", "")).join(" ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
