import { hasGivenUp, KEEPALIVE_ID } from "./answer-openai.ts";
import { ChatMessage, grow } from "./chat-message.ts";
import type { Collector } from "./collector.ts";
import { countIn, isFilled, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/** Chat completions and completions. Members that are not known here are kept as the last chunk had them. */
export class OpenAiCollector implements Collector {
  readonly #object: string;
  readonly #members = new Map<string, unknown>();
  readonly #choices = new Map<number, Choice>();
  /** What came with the end of a choice, usage above all, and what came in a chunk of its own behind it. */
  readonly #withEnd = new Closing();
  readonly #behindEnd = new Closing();
  #lastEnded = 0;

  /** `object`: what the answer calls itself. */
  constructor(object: string) {
    this.#object = object;
  }

  take(value: JsonObject): void {
    if (value["id"] === KEEPALIVE_ID) return;
    const { choices, ...members } = value;
    const parts = objectsIn(choices);
    note(this.#members, members);
    for (const part of parts) this.#takeChoice(part, members);
    if (parts.length === 0 && isFilled(members["usage"])) this.#behindEnd.offer(this.#lastEnded, members);
  }

  answer(): unknown {
    const choices = [...this.#choices].toSorted(([a], [b]) => a - b).map(([, choice]) => choice);
    if (choices.length === 0 || !choices.every((choice) => choice.hasEnded)) return undefined;
    return {
      ...Object.fromEntries(this.#members),
      ...this.#withEnd.members,
      ...this.#behindEnd.members,
      object: this.#object,
      choices: choices.map((choice) => choice.whole()),
    };
  }

  #takeChoice(part: JsonObject, members: JsonObject): void {
    const index = countIn(part["index"]) ?? 0;
    const choice = this.#choices.get(index) ?? new Choice(index);
    this.#choices.set(index, choice);
    choice.add(part);
    if (textIn(part["finish_reason"]) === undefined) return;
    this.#lastEnded = index;
    if (isFilled(members["usage"])) this.#withEnd.offer(index, members);
  }
}

/**
 * Progress tells of the wait for a stream; no answer has it. An engine that counts at the end may send no count before.
 */
function note(known: Map<string, unknown>, members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) {
    if (name !== "prompt_progress" && !(name === "usage" && value === null)) known.set(name, value);
  }
}

/**
 * What an engine says once a choice is complete. llama-server says it for each choice by itself, and answers a request
 * that does not stream with what belongs to the first.
 */
class Closing {
  members: JsonObject = {};
  #index = Infinity;

  offer(index: number, members: JsonObject): void {
    if (index > this.#index) return;
    const known = new Map<string, unknown>();
    note(known, members);
    this.members = Object.fromEntries(known);
    this.#index = index;
  }
}

class Choice {
  readonly #index: number;
  readonly #members = new Map<string, unknown>();
  #message: ChatMessage | undefined;
  #logprobs: Map<string, unknown> | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  get hasEnded(): boolean {
    const reason = textIn(this.#members.get("finish_reason"));
    return reason !== undefined && !hasGivenUp(reason);
  }

  add(part: JsonObject): void {
    for (const [name, value] of Object.entries(part)) {
      if (name === "delta") this.#addDelta(objectIn(value));
      else if (name === "logprobs") this.#addLogprobs(value);
      else if (name === "text") grow(this.#members, name, value);
      else if (value !== null || !this.#members.has(name)) this.#members.set(name, value);
    }
  }

  whole(): JsonObject {
    const logprobs = this.#logprobs === undefined ? undefined : Object.fromEntries(this.#logprobs);
    return {
      ...Object.fromEntries(this.#members),
      index: this.#index,
      ...(this.#message === undefined ? {} : { message: this.#message.whole() }),
      ...(logprobs === undefined ? {} : { logprobs }),
    };
  }

  #addDelta(delta: JsonObject | undefined): void {
    this.#message ??= new ChatMessage();
    if (delta !== undefined) this.#message.add(delta);
  }

  #addLogprobs(value: unknown): void {
    const logprobs = objectIn(value);
    if (logprobs === undefined) {
      this.#members.set("logprobs", null);
      return;
    }
    this.#logprobs ??= new Map();
    for (const [name, list] of Object.entries(logprobs)) grow(this.#logprobs, name, list);
  }
}
