import type { ConfigPath } from "./config-path.ts";

/** What may be shown of a key; all else below `keys` might be one, also where somebody wrote it in the wrong place. */
const OF_A_KEY = new Set<string | number | undefined>(["name", "role", "priority", "ceiling", "maxWaitMs"]);
/** Members of a rule that are compared with what clients send: somebody may have put a key there. */
const OF_A_RULE = new Set<string | number | undefined>(["key", "header"]);

const MAX_SHOWN = 60;

/** Whether what stands at `path`, or by mistake might stand there, is to be kept to ourselves. */
export function isHidden([section, , member]: ConfigPath): boolean {
  if (section === "keys") return !OF_A_KEY.has(member);
  if (section === "rules") return OF_A_RULE.has(member);
  return section === "upstreams" && member === "apiKey";
}

/** A value in a message: short, in one line, and without the password of a URL. */
export function showValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(plainValue(value) ?? null);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

/** The value itself if it is one, without the password of a URL: lists and mappings may hold anything. */
export function plainValue(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string") return value.replace(/\/\/[^/@]*@/g, "//(hidden)@");
  return typeof value === "number" || typeof value === "boolean" ? value : undefined;
}
