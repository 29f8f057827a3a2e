import { isFilled, type JsonObject, objectIn, objectsIn } from "./untrusted-json.ts";

/** What a stream tells of each part of an answer, in OpenAI's form as vLLM writes it. */
const TOLD = {
  answer: new Set(["id", "object", "created", "model", "choices", "usage", "system_fingerprint"]),
  choice: new Set(["index", "message", "text", "finish_reason", "stop_reason"]),
  message: new Set(["role", "content", "reasoning", "reasoning_content"]),
  usage: new Set([
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
  ]),
} as const;

type Part = keyof typeof TOLD;

const FILLED = true;
/** Of the server, not of the answer. */
const CONSTANT = new Set(["system_fingerprint"]);

/**
 * The members of a server's whole answers, as one of them showed: a stream leaves those out that are empty, and which there are
 * differs from version to version.
 */
export class WholeForm {
  readonly #parts: Readonly<Record<Part, JsonObject>>;

  /** @param answer - to a request for one answer, without log probabilities and tools. */
  constructor(answer: JsonObject) {
    const { answer: own, choice, message, usage } = partsOf(answer);
    this.#parts = { answer: shown(own), choice: shown(choice), message: shown(message), usage: shown(usage) };
  }

  /** Whether everything in it that was not empty is told by a stream too. */
  get toldByStreams(): boolean {
    return Object.entries(this.#parts).every(([part, members]) =>
      Object.entries(members).every(([name, value]) => !isFilled(value) || TOLD[part as Part].has(name)),
    );
  }

  /** What a stream was put together to, with the members that the whole answer would have. */
  complete(answer: JsonObject): JsonObject {
    const { choice, message, usage } = partsOf(answer);
    const whole = {
      ...choice,
      ...("message" in choice ? { message: this.#completed("message", message) } : {}),
    };
    return this.#completed("answer", {
      ...answer,
      choices: [this.#completed("choice", whole)],
      usage: this.#completed("usage", usage),
    });
  }

  #completed(part: Part, members: JsonObject): JsonObject {
    const seen = this.#parts[part];
    const own = Object.entries(members).filter(([name, value]) => name in seen || isFilled(value));
    const missing = Object.entries(seen).filter(([name]) => !(name in members));
    const empty = missing.map(([name, value]) => [name, isFilled(value) && !CONSTANT.has(name) ? null : value]);
    return { ...Object.fromEntries(own), ...(Object.fromEntries(empty) as JsonObject) };
  }
}

/** Which members there are, and what is in the empty ones: nothing of the answer itself is kept. */
function shown(members: JsonObject): JsonObject {
  const entries = Object.entries(members);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isFilled(value) && !CONSTANT.has(name) ? FILLED : value]),
  );
}

function partsOf(answer: JsonObject): Record<Part, JsonObject> {
  const [choice = {}] = objectsIn(answer["choices"]);
  return {
    answer,
    choice,
    message: objectIn(choice["message"]) ?? {},
    usage: objectIn(answer["usage"]) ?? {},
  };
}
