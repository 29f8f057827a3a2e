import type { Json } from "../support/gateway.ts";

/**
 * What the model is given for a chat, in ChatML. With `continue_final_message` and without `add_generation_prompt`, as llama-server
 * has it, the last answer is left open and the model goes on with it.
 */
export function chatPrompt(body: Json): string {
  const messages = body["messages"] as readonly { readonly role: string; readonly content: string }[];
  const continues = body["continue_final_message"] === true && body["add_generation_prompt"] === false;
  const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("");
  if (continues && messages.at(-1)?.role === "assistant") return turns.slice(0, -"<|im_end|>\n".length);
  return `${turns}<|im_start|>assistant\n`;
}

/** By what a test knows a request: the last thing its user said. */
export function askedOf(body: Json): string {
  if (typeof body["prompt"] === "string") return body["prompt"];
  const messages = body["messages"] as readonly { readonly role: string; readonly content: string }[];
  return messages.findLast(({ role }) => role === "user")?.content ?? "";
}
