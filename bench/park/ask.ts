import { request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { now } from "../gateway/clock.ts";
import { frameDecoder } from "../../src/protocol/framing.ts";
import { countIn, objectIn, objectsIn, parseObject, textIn } from "../../src/protocol/untrusted-json.ts";
import type { Question } from "./chat.ts";

/** One answer, as its client saw it. Times in milliseconds, from the sending of the question. */
export interface Answer {
  readonly text: string;
  /** To the first piece of content; to the end, of what is not streamed. */
  readonly firstMs: number;
  readonly totalMs: number;
}

export interface Listening {
  /** So many more tokens have come: one for a piece of a stream, or what the server counted of an answer that came whole. */
  readonly onTokens?: (tokens: number) => void;
  readonly signal?: AbortSignal;
}

/** @throws {Error} for anything but a whole answer with its finish reason. */
export async function ask(port: number, { as, body }: Question, listening: Listening = {}): Promise<Answer> {
  const sentAt = now();
  const response = await post(port, { "x-headgate-priority": as }, body, listening.signal);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${String(await bytesOf(response))}`);
  const isWhole = response.headers["content-type"]?.startsWith("application/json") === true;
  const { firstAt, text } = await (isWhole ? readWhole : readStream)(response, listening);
  return { text, firstMs: firstAt - sentAt, totalMs: now() - sentAt };
}

interface Read {
  readonly text: string;
  readonly firstAt: number;
}

async function readWhole(response: IncomingMessage, { onTokens }: Listening): Promise<Read> {
  const whole = parseObject(await bytesOf(response));
  const firstAt = now();
  onTokens?.(countIn(objectIn(whole?.["usage"])?.["completion_tokens"]) ?? 0);
  const { finished, text } = wordsIn(whole);
  if (!finished) throw new Error("an answer without an end");
  return { text, firstAt };
}

async function readStream(response: IncomingMessage, { onTokens }: Listening): Promise<Read> {
  const decoder = frameDecoder("openai-chat");
  let text = "";
  let firstAt: number | undefined;
  let isWhole = false;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    for (const { data } of decoder.push(chunk)) {
      const piece = wordsIn(data === undefined ? undefined : parseObject(data));
      isWhole ||= piece.finished;
      if (piece.text === "") continue;
      firstAt ??= now();
      text += piece.text;
      onTokens?.(1);
    }
  }
  if (firstAt === undefined || !isWhole) throw new Error(`an answer that broke off after "${text.slice(-40)}"`);
  return { text, firstAt };
}

async function post(
  port: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  // A connection for each: none is reused that the server is about to close.
  const sent = request({
    port,
    host: "127.0.0.1",
    path: "/v1/chat/completions",
    method: "POST",
    agent: false,
    headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    ...(signal === undefined ? {} : { signal }),
  });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

async function bytesOf(response: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(response));
}

function wordsIn(value: ReturnType<typeof parseObject>): { text: string; finished: boolean } {
  const [choice] = objectsIn(value?.["choices"]);
  const part = objectIn(choice?.["delta"]) ?? objectIn(choice?.["message"]);
  const text = textIn(part?.["content"]) || textIn(part?.["reasoning_content"]) || textIn(part?.["reasoning"]) || "";
  return { text, finished: textIn(choice?.["finish_reason"]) !== undefined };
}
