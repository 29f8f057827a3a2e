import type { Said } from "../protocol/said.ts";
import { parseObject, textIn } from "../protocol/untrusted-json.ts";
import type { OutgoingRequest, Probe, WaysOn } from "./engine.ts";
import { membersOf } from "./fingerprint.ts";
import { asCompletion, isPlainText, opensThought, type RawResume } from "./raw-resume.ts";
import { isResumable, LAST_CONTINUED, lastRole } from "./resume.ts";

const ABILITY = { restoresGrammar: false, restoresPenalties: true } as const;

/**
 * llama-server's chats as raw text, for models whose template would have them go another way, and for older versions that refuse to
 * continue. The server shows the prompt that it gives the model, and its completions take it (server-context.cpp, `/apply-template`;
 * both are read with special tokens). What only a chat has is lost: calls of tools and thoughts are not told from text.
 */
export const llamaRawResume: RawResume = {
  canContinue({ route, facts, body, ...request }: OutgoingRequest, said: Said): boolean {
    if (route.dialect !== "openai-chat" || body === undefined || said.reasoning !== "" || said.content === "")
      return false;
    if (!isResumable({ route, facts, body, ...request }, said, ABILITY) || body.flag("echo") === true) return false;
    return isPlainText(body) && lastRole(body) !== "assistant";
  },

  async prepare(ask, { sent, facts }, { said }) {
    const prompt = textIn(membersOf(await ask("/apply-template", parseObject(sent) ?? {}))["prompt"]);
    if (prompt === undefined || opensThought(prompt)) return undefined;
    const left = facts.maxTokens === undefined ? undefined : facts.maxTokens - (said.tokens ?? 0);
    return {
      path: "/v1/completions",
      // It tells the usage of a completion unasked, and an asked one would come twice.
      edits: [...asCompletion(prompt + said.content, left), { remove: "stream_options" }],
      joint: { raw: { wantsUsage: !facts.stream || facts.includeUsage } },
    };
  },
};

const EMPTY_THOUGHT = /<think>\s*<\/think>\s*/g;

/**
 * A template that knows thinking may put an empty thought before an answer that is continued without one, and the model then goes
 * another way (chat-auto-parser-generator.cpp). The server shows what it would give the model, without giving it. If an empty
 * thought is all that is different, the text alone is what the model said; anything else may stand around that in the prompt.
 */
export async function llamaWaysOn(probe: Probe): Promise<WaysOn> {
  const question = { role: "user", content: "?" };
  const answer = { role: "assistant", content: "An" };
  const [fresh, continued] = await Promise.all([
    probe.post("/apply-template", { messages: [question] }),
    probe.post("/apply-template", { messages: [question, answer], ...LAST_CONTINUED }),
  ]);
  const [before, after] = [fresh, continued].map((shown) => membersOf(shown)["prompt"]);
  if (typeof before !== "string") return { chat: true, raw: false };
  const itself = before + answer.content;
  // Who does not show it is taken at its word: what goes wrong then is noticed when it goes on.
  if (typeof after !== "string" || after === itself) return { chat: true, raw: typeof after === "string" };
  return { chat: false, raw: after.replace(EMPTY_THOUGHT, "") === itself.replace(EMPTY_THOUGHT, "") };
}
