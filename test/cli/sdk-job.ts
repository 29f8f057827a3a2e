/** A job that knows nothing of Headgate: stock clients, which find their server in the environment. */
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";

const [engine, model = ""] = process.argv.slice(2);
const messages = [{ role: "user" as const, content: "hello" }];
const answers: Record<string, string> = {};

const openai = await new OpenAI({ maxRetries: 0 }).chat.completions.create({
  model,
  messages,
  max_completion_tokens: 4,
});
answers["openai"] = openai.choices[0]?.message.content ?? "";
if (engine === "ollama") {
  // This client reads no variable of its own accord.
  const client = new Ollama({ host: process.env["OLLAMA_HOST"] ?? "" });
  answers["ollama"] = (await client.chat({ model, messages, options: { num_predict: 4 } })).message.content;
} else {
  const answer = await new Anthropic({ maxRetries: 0 }).messages.create({ model, messages, max_tokens: 4 });
  answers["anthropic"] = answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
process.stdout.write(JSON.stringify(answers));
