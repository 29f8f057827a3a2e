import type { JsonReader } from "../protocol/json-reader.ts";
import type { Said } from "../protocol/said.ts";
import { objectIn, objectsIn, parseObject, textIn, type JsonObject } from "../protocol/untrusted-json.ts";
import type { ChatTemplate, PlainMessage } from "./chat-template.ts";
import type { OutgoingRequest } from "./engine.ts";
import {
  asCompletion,
  isPlainText,
  opensThought,
  promptTokensOf,
  type Ask,
  type Proof,
  type RawResume,
  type RawRun,
  type RawStand,
} from "./raw-resume.ts";
import { isResumable, lastRole } from "./resume.ts";

const COMPLETIONS = "/v1/completions";
const CHAT = "/v1/chat/completions";

/** What was said is counted before it is gone on with. */
const COUNTED = 0;
const ABILITY = { restoresGrammar: false, restoresPenalties: false } as const;

/** Other roles, and calls of tools, reach the template in forms of their own. */
const ROLES = new Set(["system", "developer", "user", "assistant"]);

/** Conversations whose prompts must have as many tokens on both ways. One alone could agree by chance. */
const SPECIMENS: readonly (readonly PlainMessage[])[] = [
  [{ role: "user", content: "What is a gate?" }],
  [
    { role: "user", content: "One word: yes or no?" },
    { role: "assistant", content: "Yes." },
    { role: "user", content: "  Now two\n\nlines. " },
  ],
];

/**
 * mlx_lm continues nothing but raw text (mlx_lm/server.py: `add_generation_prompt=True` is fixed), and counts at the end only. So a
 * chat is rendered here, which takes its model's own template, and what was said is counted by having it read: a prompt that was
 * read is in the cache when it comes again.
 */
export function mlxResume(template: ChatTemplate | undefined): RawResume {
  return {
    canContinue: (request, said) => canContinue(request, said, template),
    needsProof: ({ route }) => route.dialect === "openai-chat",
    prove: async (ask, model) => (template === undefined ? undefined : prove(ask, model, template)),
    prepare: (ask, request, stand) => prepare(ask, request, { ...stand, template }),
  };
}

function canContinue(request: OutgoingRequest, said: Said, template: ChatTemplate | undefined): boolean {
  const { route, facts, body } = request;
  if (body === undefined || facts.tools || facts.grammar || said.reasoning !== "" || said.content === "") return false;
  // Without a limit of its own a request has the server's, which is not known: it would have all of that again.
  if (facts.maxTokens === undefined || !isResumable(request, { ...said, tokens: COUNTED }, ABILITY)) return false;
  if (route.dialect === "openai-completions") return body.text("prompt") !== undefined && body.flag("echo") !== true;
  if (route.dialect !== "openai-chat" || template === undefined) return false;
  return isPlainText(body) && lastRole(body) !== "assistant" && hasPlainRoles(body);
}

function hasPlainRoles(body: JsonReader): boolean {
  for (const item of body.items("messages")) {
    const message = body.objectAt(item);
    if (!ROLES.has(message?.text("role") ?? "") || message?.kind("tool_calls") !== undefined) return false;
  }
  return true;
}

/** Whether the prompts of a raw completion have as many tokens as those of a chat, and how they must be written for that. */
async function prove(ask: Ask, model: string | undefined, template: ChatTemplate): Promise<Proof | undefined> {
  const named = model === undefined ? {} : { model };
  const count = async (path: string, what: object): Promise<number | undefined> =>
    promptTokensOf(await ask(path, { ...named, ...what, ...ONE_TOKEN }));
  // A letter is one token everywhere; a second one is the mark of a beginning.
  const marksBeginning = template.beginning !== "" && (await count(COMPLETIONS, { prompt: "a" })) === 2;
  const proof: Proof = { marksBeginning };
  for (const messages of SPECIMENS) {
    const prompt = template.render(messages);
    if (prompt === undefined || opensThought(prompt)) return undefined;
    const wanted = await count(CHAT, { messages });
    const told = await count(COMPLETIONS, { prompt: written(prompt, template, proof) });
    if (wanted === undefined || told !== wanted) return undefined;
  }
  return proof;
}

const ONE_TOKEN = { max_tokens: 1, stream: true, stream_options: { include_usage: true } };

function written(prompt: string, { beginning }: ChatTemplate, { marksBeginning }: Proof): string {
  return marksBeginning && prompt.startsWith(beginning) ? prompt.slice(beginning.length) : prompt;
}

interface Stand extends RawStand {
  readonly template: ChatTemplate | undefined;
}

async function prepare(
  ask: Ask,
  request: OutgoingRequest & { readonly sent: Uint8Array },
  { said, proof, template }: Stand,
): Promise<RawRun | undefined> {
  const sent = parseObject(request.sent) ?? {};
  const isChat = request.route.dialect === "openai-chat";
  const prompt = isChat ? rendered(sent, template, proof) : textIn(sent["prompt"]);
  if (prompt === undefined || (isChat && opensThought(prompt))) return undefined;
  const { model, adapters } = sent;
  const count = async (text: string): Promise<number | undefined> =>
    promptTokensOf(await ask(COMPLETIONS, { model, adapters, prompt: text, ...ONE_TOKEN }));
  const promptTokens = await count(prompt);
  const allTokens = promptTokens === undefined ? undefined : await count(prompt + said.content);
  if (promptTokens === undefined || allTokens === undefined) return undefined;
  const saidTokens = allTokens - promptTokens;
  const { maxTokens, stream, includeUsage } = request.facts;
  return {
    path: COMPLETIONS,
    edits: asCompletion(prompt + said.content, maxTokens === undefined ? undefined : maxTokens - saidTokens),
    joint: {
      ...(isChat && { raw: { wantsUsage: !stream || includeUsage } }),
      counted: { promptTokens, saidTokens },
    },
  };
}

function rendered(sent: JsonObject, template: ChatTemplate | undefined, proof: Proof | undefined): string | undefined {
  if (template === undefined || proof === undefined) return undefined;
  const prompt = template.render(objectsIn(sent["messages"]).map(plain), objectIn(sent["chat_template_kwargs"]));
  return prompt === undefined ? undefined : written(prompt, template, proof);
}

/** As the server joins the parts of a content (process_message_content). */
function plain({ role, content }: JsonObject): PlainMessage {
  const text =
    typeof content === "string"
      ? content
      : objectsIn(content)
          .map((part) => textIn(part["text"]) ?? "")
          .join("");
  return { role: textIn(role) ?? "", content: text };
}
