import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { localServer, type IncomingMessage, type LocalServer, type ServerResponse } from "./local-server.ts";

/** One answer in a dialect: whole, or as the pieces of a stream. */
interface Dialect {
  readonly path: string;
  readonly contentType: string;
  readonly whole: unknown;
  readonly pieces: readonly string[];
}

const sse = (event: string | undefined, data: unknown): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

const openaiChunk = (delta: unknown, finish: string | null): string =>
  sse(undefined, {
    id: "c",
    object: "chat.completion.chunk",
    created: 0,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const anthropicMessage = {
  id: "m",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};
const anthropicDelta = (piece: string): string =>
  sse("content_block_delta", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } });

const ollamaLine = (content: string, done: boolean): string =>
  `${JSON.stringify({ model: "m", created_at: "", message: { role: "assistant", content }, done })}\n`;

const DIALECTS: readonly Dialect[] = [
  {
    path: "/v1/chat/completions",
    contentType: "text/event-stream",
    whole: {
      id: "c",
      object: "chat.completion",
      created: 0,
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    },
    pieces: [
      openaiChunk({ content: "hel" }, null),
      openaiChunk({ content: "lo" }, null),
      openaiChunk({}, "stop"),
      sse(undefined, "[DONE]"),
    ],
  },
  {
    path: "/v1/messages",
    contentType: "text/event-stream",
    whole: anthropicMessage,
    pieces: [
      sse("message_start", {
        type: "message_start",
        message: { ...anthropicMessage, content: [], stop_reason: null },
      }) +
        sse("content_block_start", {
          type: "content_block_start",
          index: 0,
          content_block: { type: "text", text: "" },
        }) +
        anthropicDelta("hel"),
      anthropicDelta("lo"),
      sse("content_block_stop", { type: "content_block_stop", index: 0 }) +
        sse("message_delta", {
          type: "message_delta",
          delta: { stop_reason: "end_turn" },
          usage: { output_tokens: 2 },
        }),
      sse("message_stop", { type: "message_stop" }),
    ],
  },
  {
    path: "/api/chat",
    contentType: "application/x-ndjson",
    whole: { model: "m", created_at: "", message: { role: "assistant", content: "hello" }, done: true },
    pieces: [ollamaLine("hel", false), ollamaLine("lo", false), ollamaLine("", true)],
  },
];

/** What becomes of a request: an answer, an error of the server, a stream that breaks half-way, or one that never ends. */
export type Fate = "answer" | "error" | "reset" | "endless";

async function* piecesOf({ pieces }: Dialect, fate: Fate): AsyncGenerator<string> {
  for (const [index, piece] of pieces.entries()) {
    if (fate === "reset" && index === 2) throw new Error("reset");
    do {
      yield piece;
      await new Promise(setImmediate);
    } while (fate === "endless" && index === 1);
  }
}

export interface TinyModels extends LocalServer {
  /** The fates of the next requests, in turn; then all are answered. */
  readonly fates: Fate[];
  readonly requests: string[];
  /** The most requests that were under way at one time. */
  readonly most: number;
}

/** A server that says "hello" in three dialects, whole or streamed: OpenAI's, Anthropic's and Ollama's. */
export async function tinyModels(): Promise<TinyModels> {
  const fates: Fate[] = [];
  const requests: string[] = [];
  let underWay = 0;
  let most = 0;
  const server = await localServer(async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request.url ?? "");
    most = Math.max(most, ++underWay);
    response.once("close", () => underWay--);
    const fate = fates.shift() ?? "answer";
    const dialect = DIALECTS.find(({ path }) => request.url?.startsWith(path));
    const { stream } = JSON.parse(await text(request)) as { stream?: boolean };
    if (dialect === undefined) return response.writeHead(404).end();
    if (fate === "error")
      return response.writeHead(500, { "content-type": "application/json" }).end('{"error":"broken"}');
    if (stream !== true)
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(dialect.whole));
    response.writeHead(200, { "content-type": dialect.contentType });
    // Rejects when either side hangs up.
    return pipeline(piecesOf(dialect, fate), response).catch(() => {});
  });
  return {
    url: server.url,
    fates,
    requests,
    get most() {
      return most;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
