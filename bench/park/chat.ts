import { randomNumbers } from "../common/random.ts";
import { now } from "../gateway/clock.ts";
import { objectIn, objectsIn, parseObject, textIn } from "../../src/protocol/untrusted-json.ts";
import { frameDecoder } from "../../src/protocol/framing.ts";
import type { Class } from "../gateway/requests.ts";
import type { Job } from "./plan.ts";

/** A chat as it goes to a server. */
export interface Question {
  readonly as: Class;
  readonly body: string;
}

/** One answer, as its client saw it. Times in milliseconds. */
export interface Answer {
  readonly text: string;
  readonly pieces: number;
  /** From the sending to the first piece of content; of what is not streamed to its end. */
  readonly firstMs: number;
  readonly totalMs: number;
}

const random = randomNumbers(7);

/** A question that nobody asked before: nothing of it is in a cache. */
export function question(as: Class, { promptWords, tokens }: Job, model: string, stream = true): Question {
  const words = Array.from({ length: promptWords }, () => Math.floor(random() * 36 ** 3).toString(36));
  const messages = [{ role: "user", content: words.join(" ") }];
  return { as, body: JSON.stringify({ model, messages, max_tokens: tokens, temperature: 0, stream }) };
}

/** @throws {Error} for anything but a whole answer. */
export async function ask(url: string, { as, body }: Question, onPiece?: () => void): Promise<Answer> {
  const sentAt = now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-headgate-priority": as },
    body,
  });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  if (response.headers.get("content-type")?.startsWith("application/json") === true) {
    const text = contentOf(parseObject(new Uint8Array(await response.arrayBuffer()))) ?? "";
    onPiece?.();
    return { text, pieces: 1, firstMs: now() - sentAt, totalMs: now() - sentAt };
  }
  const decoder = frameDecoder("openai-chat");
  let text = "";
  let pieces = 0;
  let firstAt: number | undefined;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    for (const { data } of decoder.push(chunk)) {
      const piece = data === undefined ? undefined : contentOf(parseObject(data));
      if (piece === undefined) continue;
      firstAt ??= now();
      text += piece;
      pieces++;
      onPiece?.();
    }
  }
  if (firstAt === undefined) throw new Error("an answer without content");
  return { text, pieces, firstMs: firstAt - sentAt, totalMs: now() - sentAt };
}

function contentOf(value: ReturnType<typeof parseObject>): string | undefined {
  const [choice] = objectsIn(value?.["choices"]);
  const part = objectIn(choice?.["delta"]) ?? objectIn(choice?.["message"]);
  return textIn(part?.["content"]) ?? textIn(part?.["reasoning_content"]) ?? textIn(part?.["reasoning"]);
}
