import { Refusal, type Call, type ComputeTask, type GenerateTask, type ServerView } from "../call.ts";
import { listOf, recordOf, textOf, type Json } from "../fields.ts";
import { anthropicMessages, readAnthropic } from "../read/anthropic.ts";
import { readContent } from "../read/messages.ts";
import { readChat, readCompletion, readResponses } from "../read/openai.ts";
import { renderChat } from "../text/chat-template.ts";
import { countTokens } from "../text/tokens.ts";
import { base64Of, inputsOf, relevance, tokensIn, vectorOf } from "../wire/vectors.ts";
import { generate, type Api } from "./api.ts";
import type { Route } from "./manners.ts";

/** A route for each path. */
export function post(paths: readonly string[], handle: Route["handle"]): Route[] {
  return paths.map((path) => ({ method: "POST", path, handle }));
}

/** A route that says the same to everybody. */
export function get(path: string, body: (server: ServerView, call: Call) => unknown): Route {
  return { method: "GET", path, handle: (call) => ({ body: body(call.server, call) }) };
}

export function chatRoutes(api: Api, paths: readonly string[]): Route[] {
  return post(paths, (call) => generate(api, call, readChat(call.json())));
}

export function completionRoutes(api: Api, paths: readonly string[]): Route[] {
  return post(paths, (call) => generate(api, call, readCompletion(call.json())));
}

export function responsesRoutes(api: Api, paths: readonly string[]): Route[] {
  return post(paths, (call) => generate(api, call, readResponses(call.json())));
}

export function messagesRoutes(api: Api): Route[] {
  return post(["/v1/messages"], (call): GenerateTask => generate(api, call, readAnthropic(call.json())));
}

/** Counting needs no slot. */
export function countRoutes(): Route[] {
  return post(["/v1/messages/count_tokens"], (call) => {
    const options = { tools: [], thinking: false, generationPrompt: true, continueLast: false, thinkingTags: false };
    return { body: { input_tokens: countTokens(renderChat(anthropicMessages(call.json()), options)) } };
  });
}

export function embeddingRoutes(paths: readonly string[]): Route[] {
  return post(paths, (call): ComputeTask => {
    const body = call.json();
    const texts = inputsOf(body);
    if (texts.length === 0) throw new Refusal(400, "input must be a string or a list of strings");
    const tokens = tokensIn(texts);
    const { embeddingDimensions } = call.server.options;
    const encode = body["encoding_format"] === "base64" ? base64Of : (vector: readonly number[]) => vector;
    const data = (): Json[] =>
      texts.map((text, index) => ({
        object: "embedding",
        index,
        embedding: encode(vectorOf(text, embeddingDimensions)),
      }));
    const model = textOf(body["model"]) ?? call.server.models[0];
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { kind: "compute", tokens, answer: () => ({ body: { object: "list", data: data(), model, usage } }) };
  });
}

/** Ranks documents for a query, in the form of Jina and Cohere. */
export function rerankRoutes(paths: readonly string[]): Route[] {
  return post(paths, (call): ComputeTask => {
    const body = call.json();
    const query = readContent(body["query"]);
    const documents = listOf(body["documents"]).map((entry) => readContent(recordOf(entry)?.["text"] ?? entry));
    const scored = documents.map((text, index) => ({ index, relevance_score: relevance(query, text) }));
    const results = scored.toSorted((a, b) => b.relevance_score - a.relevance_score);
    const tokens = tokensIn([query, ...documents]);
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return {
      kind: "compute",
      tokens,
      answer: () => ({
        body: { model: textOf(body["model"]) ?? call.server.models[0], object: "list", usage, results },
      }),
    };
  });
}

/** Bytes of sound that cost a token; any figure would do. */
const BYTES_A_TOKEN = 1024;

/** Whatever was said, it was this long. */
export function transcriptionRoutes(paths: readonly string[]): Route[] {
  return post(paths, ({ served }): ComputeTask => {
    const bytes = served.bodyBytes;
    const tokens = Math.ceil(bytes / BYTES_A_TOKEN);
    return { kind: "compute", tokens, answer: () => ({ body: { text: `${bytes} bytes of sound` } }) };
  });
}

/** `GET /v1/models`, and one of them. */
export function modelRoutes(ownedBy: string, paths: readonly string[] = ["/v1/models"]): Route[] {
  const entry = (id: string): Json => ({ id, object: "model", created: 1_700_000_000, owned_by: ownedBy });
  return paths.flatMap((path) => [
    get(path, ({ models }) => ({ object: "list", data: models.map(entry) })),
    {
      method: "GET",
      path: `${path}/*`,
      handle: (call) => {
        const asked = call.path.slice(path.length + 1);
        const id = call.server.models.find((name) => name === asked || encodeURIComponent(name) === asked);
        if (id === undefined) throw new Refusal(404, `The model \`${asked}\` does not exist.`);
        return { body: entry(id) };
      },
    },
  ]);
}
