import { once } from "node:events";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { frameDecoder } from "../../protocol/framing.ts";
import { countIn, objectIn, objectsIn, parseObject, textIn, type JsonObject } from "../../protocol/untrusted-json.ts";

/** A chat completion to be asked for. */
export interface Call {
  /** Of the server or the gateway; `/v1/chat/completions` is put behind it. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Listening {
  /** So many more tokens have come: one for a piece of a stream, or what the server counted of an answer that came whole. */
  readonly onTokens?: (tokens: number, text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Why there is no answer, in words. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/**
 * Asks once, on a connection of its own: none is reused that the server is about to close, and no time limit is in the way.
 *
 * @returns the text, reasoning included.
 * @throws {NoAnswer} for anything but a whole answer with its finish reason; `signal.reason` when aborted.
 */
export async function ask(call: Call, listening: Listening = {}): Promise<string> {
  try {
    const response = await post(call, listening.signal);
    if (response.statusCode !== 200) throw await refusal(response);
    const isWhole = response.headers["content-type"]?.startsWith("application/json") === true;
    return await (isWhole ? readWhole : readStream)(response, listening);
  } catch (error) {
    listening.signal?.throwIfAborted();
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(`the connection failed: ${(error as Error).message}`, { cause: error });
  }
}

async function post({ base, headers, body }: Call, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  const target = new URL(`${base.replace(/\/+$/, "")}/v1/chat/completions`);
  const text = JSON.stringify(body);
  const sent = (target.protocol === "https:" ? requestHttps : requestHttp)(target, {
    method: "POST",
    agent: false,
    headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) },
    ...(signal !== undefined && { signal }),
  });
  sent.end(text);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

async function readWhole(response: IncomingMessage, { onTokens }: Listening): Promise<string> {
  const whole = parseObject(await bytesOf(response));
  const { finished, text } = wordsIn(whole);
  if (!finished) throw new NoAnswer("an answer without an end");
  onTokens?.(countIn(objectIn(whole?.["usage"])?.["completion_tokens"]) ?? 0, text);
  return text;
}

async function readStream(response: IncomingMessage, { onTokens }: Listening): Promise<string> {
  const decoder = frameDecoder("openai-chat");
  let said = "";
  let isWhole = false;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    for (const { data } of decoder.push(chunk)) {
      const { finished, text } = wordsIn(data === undefined ? undefined : parseObject(data));
      isWhole ||= finished;
      if (text === "") continue;
      said += text;
      onTokens?.(1, text);
    }
  }
  if (!isWhole) throw new NoAnswer(`an answer that broke off after "${said.slice(-40)}"`);
  return said;
}

async function refusal(response: IncomingMessage): Promise<NoAnswer> {
  const text = String(await bytesOf(response));
  const error = parseObject(Buffer.from(text))?.["error"];
  const message = textIn(error) ?? textIn(objectIn(error)?.["message"]) ?? text;
  return new NoAnswer(`it answered ${response.statusCode}: ${message.slice(0, 200)}`);
}

async function bytesOf(response: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(response));
}

function wordsIn(value: JsonObject | undefined): { text: string; finished: boolean } {
  const [choice] = objectsIn(value?.["choices"]);
  const part = objectIn(choice?.["delta"]) ?? objectIn(choice?.["message"]);
  const text =
    (textIn(part?.["reasoning_content"]) ?? textIn(part?.["reasoning"]) ?? "") + (textIn(part?.["content"]) ?? "");
  return { text, finished: textIn(choice?.["finish_reason"]) !== undefined };
}
