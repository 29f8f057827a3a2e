import { promptTokensIn } from "./answer-notes.ts";
import { KEEPALIVE_ID } from "./answer-openai.ts";
import { Contradiction, Repetition } from "./repetition.ts";
import type { Said } from "./said.ts";
import { reasoningMember } from "./said-reader.ts";
import type { Edit } from "./splice.ts";
import { countIn, isFilled, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/** What a stream says of itself in every chunk. The runs of one answer speak as the first of them. */
const IDENTITY = ["id", "created", "model", "system_fingerprint"];

/** What becomes of a chunk. */
export interface Stitch {
  /** `undefined`: it is left out. */
  readonly edits: readonly Edit[] | undefined;
  /** What of its choices is new. */
  readonly choices: readonly JsonObject[];
}

/** What a run that goes on may say although its reader has it. */
export interface Overlap {
  /** All that was said, in one piece at its beginning. */
  readonly echo?: string;
  /** The end of what was said. */
  readonly again?: string;
}

/** Where one run of an answer ends and the next begins: makes the chunks of the later runs fit those of the first. */
export class Seam {
  #identity: JsonObject | undefined;
  #firstTimings: JsonObject | undefined;
  #toldPromptTokens: number | undefined;
  #before: Said | undefined;
  /** Of the present run, whatever the client is told. */
  runId: string | undefined;
  #content: Repetition | undefined;
  /** What the present run may begin with, until it has begun. */
  #echo: string | undefined;
  #reasoning: Repetition | undefined;

  /** Of the first run. */
  get promptTokens(): number | undefined {
    return this.#toldPromptTokens ?? promptTokensIn(this.#firstTimings);
  }

  /** The engine told it when it was asked. */
  set promptTokens(tokens: number) {
    this.#toldPromptTokens = tokens;
  }

  /** Looks on at the first run. */
  note(value: JsonObject): void {
    if (value["id"] === KEEPALIVE_ID) return;
    this.runId = textIn(value["id"]);
    this.#identity ??= Object.fromEntries(IDENTITY.filter((name) => name in value).map((name) => [name, value[name]]));
    const timings = objectIn(value["timings"]);
    if (countIn(timings?.["prompt_n"]) !== undefined) this.#firstTimings = timings;
    this.#toldPromptTokens = countIn(objectIn(value["usage"])?.["prompt_tokens"]) ?? this.#toldPromptTokens;
  }

  /** The next run goes on behind what was said. */
  continueBehind(said: Said, { echo, again = "" }: Overlap = {}): void {
    this.#before = said;
    this.#echo = echo;
    this.#content = again === "" ? undefined : new Repetition(again);
    this.#reasoning = undefined;
  }

  /** The next run says all of it again. */
  repeat(said: Said): void {
    this.#before = undefined;
    this.#echo = undefined;
    this.#content = new Repetition(said.content);
    this.#reasoning = new Repetition(said.reasoning);
  }

  /** @throws {Contradiction} */
  stitch(value: JsonObject): Stitch {
    if (value["id"] === KEEPALIVE_ID) return { edits: [], choices: [] };
    this.runId = textIn(value["id"]);
    const edits: Edit[] = [...this.#sameIdentity(value), ...this.#sums(value)];
    const [choice] = objectsIn(value["choices"]);
    if (choice === undefined) return { edits, choices: [] };
    const next = this.#withoutKnown(choice);
    const ends = textIn(choice["finish_reason"]) !== undefined;
    if (ends && !this.#saidItAll) throw new Contradiction();
    const choices = [next];
    const saysNothing = !ends && !saysAnything(next) && objectIn(value["usage"]) === undefined;
    return { edits: saysNothing ? undefined : [...edits, { set: "choices", value: choices }], choices };
  }

  get #saidItAll(): boolean {
    return this.#content?.complete !== false && this.#reasoning?.complete !== false;
  }

  #sameIdentity(value: JsonObject): Edit[] {
    const identity = this.#identity ?? {};
    return IDENTITY.filter((name) => identity[name] !== value[name]).map((name) =>
      name in identity ? { set: name, value: identity[name] } : { remove: name },
    );
  }

  /** The role was told, and what is repeated has been read. */
  #withoutKnown(choice: JsonObject): JsonObject {
    const { role: _, ...rest } = objectIn(choice["delta"]) ?? {};
    const delta: Record<string, unknown> = rest;
    const next: Record<string, unknown> = { ...choice };
    if (textIn(choice["text"]) !== undefined) next["text"] = this.#newOf(choice["text"] as string, this.#content);
    if (!("delta" in choice)) return next;
    if (textIn(delta["content"]) !== undefined) {
      delta["content"] = this.#newOf(this.#withoutEcho(delta["content"] as string), this.#content);
    }
    const reasoning = reasoningMember(delta);
    if (reasoning !== undefined) delta[reasoning] = this.#newOf(delta[reasoning] as string, this.#reasoning);
    return { ...next, delta };
  }

  #withoutEcho(text: string): string {
    const echo = this.#echo;
    this.#echo = undefined;
    return echo !== undefined && text.startsWith(echo) ? text.slice(echo.length) : text;
  }

  #newOf(text: string, known: Repetition | undefined): string {
    return known === undefined ? text : known.take(text);
  }

  /** The prompt counts once, with the first run; the tokens of all runs together. */
  #sums(value: JsonObject): Edit[] {
    const { tokens } = this.#before ?? {};
    if (tokens === undefined) return [];
    const edits: Edit[] = [];
    const usage = objectIn(value["usage"]);
    const completion = countIn(usage?.["completion_tokens"]);
    if (usage !== undefined && completion !== undefined) {
      const prompt = this.promptTokens ?? countIn(usage["prompt_tokens"]) ?? 0;
      const sum = { prompt_tokens: prompt, completion_tokens: tokens + completion };
      edits.push({ set: "usage", value: { ...usage, ...sum, total_tokens: prompt + tokens + completion } });
    }
    const timings = objectIn(value["timings"]);
    const predicted = countIn(timings?.["predicted_n"]);
    if (timings !== undefined && predicted !== undefined) {
      const { prompt_n = timings["prompt_n"], cache_n = timings["cache_n"] } = this.#firstTimings ?? {};
      edits.push({ set: "timings", value: { ...timings, prompt_n, cache_n, predicted_n: tokens + predicted } });
    }
    return edits;
  }
}

function saysAnything(choice: JsonObject): boolean {
  const delta = objectIn(choice["delta"]);
  return delta === undefined ? isFilled(choice["text"]) : Object.values(delta).some(isFilled);
}
