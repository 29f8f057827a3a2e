import type { JsonReader } from "../protocol/json-reader.ts";
import type { Said } from "../protocol/said.ts";
import type { Edit } from "../protocol/splice.ts";
import type { Joint } from "../protocol/stitch.ts";
import type { OutgoingRequest } from "./engine.ts";

/** How a request goes on behind what was said already. */
export interface Resumption {
  /** On top of the edits that the request was sent with the first time. */
  readonly edits: readonly Edit[];
  /** What is special about what comes then. */
  readonly joint?: Joint;
}

/** What one engine's form of continuing a chat can do. */
export interface ChatForm {
  /** What makes it go on with the last message instead of beginning another. */
  readonly flags: readonly Edit[];
  /** Members of the last message, beside its role and its content. */
  readonly message?: Readonly<Record<string, unknown>>;
  /** The member that takes a thought that is not finished; without one a cut inside a thought cannot be continued. */
  readonly reasoning?: string;
  /** Whether a schema or a grammar binds the rest too. */
  readonly restoresGrammar: boolean;
  /** Whether presence and frequency penalties count what was said before the cut: it is a part of the prompt then. */
  readonly restoresPenalties: boolean;
  /** How long a raw completion may become that names no limit of its own; without it, as long as it likes. */
  readonly completionTokens?: number;
}

/** What llama-server and vLLM want in a request that goes on with the last message: both, or they refuse. */
export const LAST_CONTINUED = { continue_final_message: true, add_generation_prompt: false } as const;
export const CONTINUE_LAST: readonly Edit[] = Object.entries(LAST_CONTINUED).map(([name, value]) => ({
  set: name,
  value,
}));

/** Tells how to go on; `undefined` where this engine cannot, and the request must start over or run to its end. */
export type Resume = (request: OutgoingRequest, said: Said) => Resumption | undefined;

/** For engines that continue the last message of a chat, and any engine's raw completions. */
export function resumeWith(form: ChatForm): Resume {
  return (request, said) => {
    if (!isResumable(request, said, form)) return undefined;
    if (request.route.dialect === "openai-completions") return completion(request, said, form);
    return request.route.dialect === "openai-chat" ? chat(request, said, form) : undefined;
  };
}

/** What a way to go on can do, whatever it is. */
export type Ability = Pick<ChatForm, "restoresGrammar" | "restoresPenalties" | "completionTokens">;

/** Whether what was said can be gone on with at all. */
export function isResumable(request: OutgoingRequest, said: Said, form: Ability): boolean {
  const { facts, body } = request;
  if (body === undefined || facts.n > 1 || facts.logprobs || said.calledTool) return false;
  if (!form.restoresPenalties && PENALTIES.some((name) => (body.number(name) ?? 0) !== 0)) return false;
  // Offered tools bind the text to a grammar too, as soon as one is called.
  if ((facts.grammar || facts.tools) && !form.restoresGrammar) return false;
  // What was said before the cut counts towards every bound and in the usage, and only the engine knows how many tokens that was.
  return said.tokens !== undefined || !needsCount(request, form);
}

/** Of what was generated. Those that count the prompt too (repetition_penalty) are not concerned. */
const PENALTIES = ["presence_penalty", "frequency_penalty"];

function needsCount({ route, facts, body }: OutgoingRequest, { completionTokens }: Ability): boolean {
  const { maxTokens, stream, includeUsage } = facts;
  const isLimited =
    maxTokens !== undefined || (route.dialect === "openai-completions" && completionTokens !== undefined);
  // An answer that is not streamed has its usage always.
  return isLimited || !stream || includeUsage || body?.number(LEAST) !== undefined;
}

function completion({ facts, body }: OutgoingRequest, said: Said, form: ChatForm): Resumption | undefined {
  const prompt = body!.text("prompt");
  // A grammar begins with what is generated: it would have the whole form again behind the half that is there.
  if (facts.grammar) return undefined;
  if (prompt === undefined || body!.flag("echo") === true || body!.text("suffix") !== undefined) return undefined;
  const edits: Edit[] = [{ set: "prompt", value: prompt + said.content }];
  const { completionTokens } = form;
  if (facts.maxTokens === undefined && completionTokens !== undefined) {
    edits.push({ set: "max_tokens", value: Math.max(1, completionTokens - (said.tokens ?? 0)) });
  }
  return { edits: [...edits, ...limitEdits(body!, facts.maxTokens, said)] };
}

function chat({ facts, body }: OutgoingRequest, said: Said, form: ChatForm): Resumption | undefined {
  if (said.reasoning !== "" && form.reasoning === undefined) return undefined;
  if (lastRole(body!) === "assistant") return undefined;
  // vLLM and its like would say the half that is there once more.
  if (body!.flag("echo") === true) return undefined;
  const reasoning = said.reasoning === "" ? {} : { [form.reasoning!]: said.reasoning };
  const message = { role: "assistant", content: said.content, ...reasoning, ...form.message };
  const edits: Edit[] = [{ append: "messages", value: message }, ...form.flags];
  return { edits: [...edits, ...limitEdits(body!, facts.maxTokens, said)] };
}

/** That of the last message: behind one of the model's own, the client itself wants it continued, and two in a row are refused. */
export function lastRole(body: JsonReader): string | undefined {
  let role: string | undefined;
  for (const item of body.items("messages")) role = body.objectAt(item)?.text("role");
  return role;
}

/** The names of the most tokens that there may be. */
export const LIMITS: readonly string[] = ["max_completion_tokens", "max_tokens", "n_predict"];
/** vLLM and SGLang: how many tokens there must be before the answer may end. */
const LEAST = "min_tokens";

function limitEdits(body: JsonReader, maxTokens: number | undefined, { tokens = 0 }: Said): Edit[] {
  const limits = maxTokens === undefined ? [] : LIMITS.flatMap((name) => lowered(body, name, tokens, 1));
  return [...limits, ...lowered(body, LEAST, tokens, 0)];
}

function lowered(body: JsonReader, name: string, tokens: number, least: number): Edit[] {
  const value = body.number(name);
  return value === undefined ? [] : [{ set: name, value: Math.max(least, value - tokens) }];
}
