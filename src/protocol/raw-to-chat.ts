import { isFilled, type JsonObject, objectsIn, textIn } from "./untrusted-json.ts";

/**
 * A chunk of a raw completion as chunks of the chat completion that it goes on with: usually one, none where it would say nothing
 * that the chat's client asked for, and two at the end of a chat whose usage has a chunk of its own. What is no such chunk stays.
 */
export function asChat(value: JsonObject, wantsUsage: boolean): JsonObject[] {
  const { choices, usage, timings, ...members } = value;
  if (!Array.isArray(choices)) return [value];
  const [choice] = objectsIn(choices);
  const head = { ...members, object: "chat.completion.chunk" };
  const counts = { usage, ...(timings !== undefined && { timings }) };
  if (choice === undefined) return wantsUsage && isFilled(usage) ? [{ ...head, choices: [], ...counts }] : [];
  const text = textIn(choice["text"]);
  const part = {
    index: choice["index"] ?? 0,
    delta: text === undefined || text === "" ? {} : { content: text },
    finish_reason: choice["finish_reason"] ?? null,
  };
  const chunk = { ...head, choices: [part] };
  if (textIn(choice["finish_reason"]) === undefined || !isFilled(usage) || !wantsUsage) {
    return [timings === undefined ? chunk : { ...chunk, timings }];
  }
  return [chunk, { ...head, choices: [], ...counts }];
}
