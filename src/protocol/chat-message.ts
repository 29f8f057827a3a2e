import { countIn, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

type Members = Map<string, unknown>;

/**
 * Adds a piece to what earlier pieces made: texts and lists grow, `null` leaves what is there, of all else the last holds.
 * The first list given is the one that grows.
 */
export function grow(members: Members, name: string, piece: unknown): void {
  const known = members.get(name);
  if (typeof known === "string" && typeof piece === "string") members.set(name, known + piece);
  else if (Array.isArray(known) && Array.isArray(piece)) for (const item of piece) known.push(item);
  else if (!members.has(name) || (piece !== null && piece !== undefined)) members.set(name, piece);
}

/** A chat completion's message, from its deltas. */
export class ChatMessage {
  readonly #members: Members = new Map();
  readonly #calls = new Map<number, ToolCall>();

  add(delta: JsonObject): void {
    for (const [name, piece] of Object.entries(delta)) {
      if (name === "tool_calls") this.#addCalls(piece);
      else if (name === "role") this.#members.set(name, textIn(piece) ?? this.#members.get(name));
      else if (name === "function_call") this.#members.set(name, named(this.#members.get(name), piece));
      else grow(this.#members, name, piece);
    }
  }

  /**
   * Without text the content is "", beside tool calls too: so answers llama-server, although its stream begins with `null`.
   * (Before 2026 it was `null` beside tool calls, as it is at OpenAI; clients take both.)
   */
  whole(): JsonObject {
    const members = Object.fromEntries(this.#members);
    const calls = [...this.#calls].toSorted(([a], [b]) => a - b).map(([, call]) => call.whole());
    return {
      ...members,
      role: members["role"] ?? "assistant",
      content: members["content"] ?? "",
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  }

  #addCalls(piece: unknown): void {
    // mlx has an empty list in every delta, and in the whole message.
    if (Array.isArray(piece) && !this.#members.has("tool_calls")) this.#members.set("tool_calls", []);
    for (const call of objectsIn(piece)) {
      const index = countIn(call["index"]) ?? this.#guessIndex(call);
      const known = this.#calls.get(index) ?? new ToolCall();
      this.#calls.set(index, known);
      known.add(call);
    }
  }

  /** Without an index, an id begins a new call. */
  #guessIndex(call: JsonObject): number {
    const next = this.#calls.size;
    return textIn(call["id"]) === undefined ? Math.max(0, next - 1) : next;
  }
}

class ToolCall {
  readonly #members: Members = new Map();

  add(piece: JsonObject): void {
    for (const [name, value] of Object.entries(piece)) {
      if (name === "index") continue;
      if (objectIn(value) !== undefined) this.#members.set(name, named(this.#members.get(name), value));
      else if (value !== null && value !== "") this.#members.set(name, value);
    }
  }

  whole(): JsonObject {
    const { function: called, ...members } = Object.fromEntries(this.#members);
    if (called === undefined) return members;
    // A call without arguments has no piece of them in a stream.
    return { type: "function", ...members, function: { arguments: "", ...objectIn(called) } };
  }
}

/** What is called, with its arguments so far: the name comes whole, all other texts in pieces. */
function named(known: unknown, piece: unknown): JsonObject {
  const members: Members = new Map(Object.entries(objectIn(known) ?? {}));
  for (const [name, value] of Object.entries(objectIn(piece) ?? {})) {
    if (name === "name") members.set(name, textIn(value) ?? members.get(name));
    else grow(members, name, value);
  }
  return Object.fromEntries(members);
}
