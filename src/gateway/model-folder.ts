import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { ChatTemplate } from "../engines/chat-template.ts";
import { objectIn, objectsIn, parseJson, textIn, type JsonObject } from "../protocol/untrusted-json.ts";

/**
 * The chat template of the model in `folder`, as transformers finds it: `chat_template.jinja`, else `chat_template.json`, else in
 * `tokenizer_config.json`, where the special tokens stand in any case.
 *
 * Rejects, saying what is missing, when there is none.
 */
export async function templateIn(folder: string): Promise<ChatTemplate> {
  const path = folder.replace(/^~(?=\/)/, homedir());
  const config = await jsonIn(join(path, "tokenizer_config.json"));
  const source =
    (await textAt(join(path, "chat_template.jinja"))) ??
    textIn((await jsonIn(join(path, "chat_template.json")))["chat_template"]) ??
    defaultOf(config["chat_template"]);
  if (source === undefined) throw new Error(`${basename(path)} has no chat template: is it the folder of a model?`);
  return new ChatTemplate(source, tokensOf(config));
}

/** One template, or several by name. */
function defaultOf(value: unknown): string | undefined {
  return textIn(value) ?? textIn(objectsIn(value).find(({ name }) => name === "default")?.["template"]);
}

/** A token stands there as text, or as an object that describes it. */
function tokensOf(config: JsonObject): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    const token = textIn(value) ?? textIn(objectIn(value)?.["content"]);
    if (name.endsWith("_token") && token !== undefined) tokens[name] = token;
  }
  return tokens;
}

async function jsonIn(path: string): Promise<JsonObject> {
  return objectIn(parseJson((await textAt(path)) ?? "")) ?? {};
}

/** `undefined` when there is no such file. */
async function textAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
