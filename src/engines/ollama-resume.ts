import type { Resume } from "./resume.ts";
import { isResumable, lastRole } from "./resume.ts";

const ABILITY = { restoresGrammar: false, restoresPenalties: false } as const;
/** Shorter ones could come twice in a row by themselves, and be taken for an echo. */
const LEAST_CHARACTERS = 24;

/**
 * Ollama goes on with a last message of the model's own unasked, in one of two ways that nothing tells apart from outside: the
 * llama-server behind it shows the message again first, and its own renderers take the space around it away (llm/llama_server.go;
 * model/renderers: `strings.TrimSpace`). So the space at the end is not sent, and has to be said again.
 */
export const resumeUnasked: Resume = (request, said) => {
  const { route, body } = request;
  // It counts at the end only, and its renderers lose a thought.
  if (route.dialect !== "openai-chat" || body === undefined || said.reasoning !== "") return undefined;
  if (!isResumable(request, said, ABILITY) || lastRole(body) === "assistant") return undefined;
  const content = said.content.trimEnd();
  if (content.length < LEAST_CHARACTERS || content !== content.trimStart()) return undefined;
  return {
    edits: [{ append: "messages", value: { role: "assistant", content } }],
    joint: { echo: content, again: said.content.slice(content.length) },
  };
};
