import { frameDecoder } from "../../protocol/framing.ts";
import { objectIn, objectsIn, parseObject, textIn } from "../../protocol/untrusted-json.ts";

/** One chat with a model server, as a stream of text. */
export class Chat {
  /** All that came so far. */
  text = "";
  readonly #url: string;
  readonly #body: string;

  constructor(base: string, model: string, question: string, maxTokens: number) {
    this.#url = `${base}/v1/chat/completions`;
    this.#body = JSON.stringify({
      model,
      messages: [{ role: "user", content: question }],
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
    });
  }

  /** @throws {Error} when the server answers with an error. */
  async *pieces(): AsyncGenerator<string, void, undefined> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.#url, { method: "POST", headers, body: this.#body });
    if (!answer.ok || answer.body === null)
      throw new Error(`the gateway answered ${answer.status}: ${await answer.text()}`);
    const decoder = frameDecoder("openai-chat");
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      for (const { data } of decoder.push(chunk)) {
        const piece = data === undefined ? undefined : pieceOf(data);
        if (piece === undefined) continue;
        this.text += piece;
        yield piece;
      }
    }
  }
}

function pieceOf(data: Uint8Array): string | undefined {
  const [choice] = objectsIn(parseObject(data)?.["choices"]);
  const delta = objectIn(choice?.["delta"]);
  return textIn(delta?.["content"]) ?? textIn(delta?.["reasoning_content"]) ?? textIn(delta?.["reasoning"]);
}
