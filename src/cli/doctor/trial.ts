import type { Clock } from "../../gate/index.ts";
import { watchAnswer, type AnswerWatch } from "../../protocol/answer-watch.ts";
import { objectIn, parseJson } from "../../protocol/untrusted-json.ts";

/** Time for a model to be loaded and a long prompt to be read on a slow machine. */
const TIME_LIMIT_MS = 120_000;

/** The model server under examination. */
export interface Target {
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** `undefined`: requests name none, and get the one that is there. */
  readonly model: string | undefined;
  readonly clock: Clock;
}

/** Why a trial gave no figures, in words. */
export class TrialFailed extends Error {
  override readonly name = "TrialFailed";
}

/** One small streamed chat request, and when its pieces came. */
export class Trial {
  readonly #target: Target;
  readonly #watch: AnswerWatch = watchAnswer("openai-chat", true);
  readonly #controller = new AbortController();
  readonly #begunAt: number;
  readonly #chunks: Promise<AsyncIterator<Uint8Array, undefined>>;
  #firstAt: number | undefined;
  #lastAt = 0;
  #over = false;

  /** Sends it. */
  constructor(target: Target, prompt: string, maxTokens: number) {
    this.#target = target;
    this.#begunAt = target.clock.now();
    this.#chunks = this.#send(prompt, maxTokens);
    // Whoever waits for it hears of it; nobody may be waiting yet.
    this.#chunks.catch(() => {});
  }

  /** Milliseconds to the first piece of content; of an answer without any, to its end. */
  get firstTokenMs(): number {
    return (this.#firstAt ?? this.#lastAt) - this.#begunAt;
  }

  /** Milliseconds from piece to piece. */
  get msPerToken(): number {
    const between = this.#watch.tokens - 1;
    return between > 0 && this.#firstAt !== undefined ? (this.#lastAt - this.#firstAt) / between : 0;
  }

  /** Pieces of content so far: about as many as tokens. */
  get tokens(): number {
    return this.#watch.tokens;
  }

  get promptTokens(): number | undefined {
    return this.#watch.usage.promptTokens;
  }

  /** Whether the answer has come to its end. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Reads until so many pieces of content came, or the answer ended.
   *
   * @throws {TrialFailed}
   */
  async until(tokens: number): Promise<void> {
    try {
      const chunks = await this.#chunks;
      while (!this.#over && this.#watch.tokens < tokens) await this.#read(chunks);
    } catch (error) {
      throw this.#failure(error);
    }
    if (this.#watch.outcome === "failed") throw new TrialFailed(`it reported an error: ${this.#watch.error?.message}`);
  }

  /** Closes the connection. */
  abort(): void {
    this.#over = true;
    this.#controller.abort();
  }

  async #read(chunks: AsyncIterator<Uint8Array, undefined>): Promise<void> {
    const next = await chunks.next();
    this.#lastAt = this.#target.clock.now();
    if (next.done === true) {
      this.#over = true;
      return this.#watch.end();
    }
    this.#watch.push(next.value);
    if (this.#watch.started) this.#firstAt ??= this.#lastAt;
  }

  async #send(prompt: string, maxTokens: number): Promise<AsyncIterator<Uint8Array, undefined>> {
    const { url, apiKey, model } = this.#target;
    const response = await fetch(new URL(`${url.pathname.replace(/\/+$/, "")}/v1/chat/completions`, url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({
        ...(model !== undefined && { model }),
        messages: [{ role: "user", content: prompt }],
        max_tokens: maxTokens,
        temperature: 0,
        stream: true,
        stream_options: { include_usage: true },
      }),
      signal: AbortSignal.any([this.#controller.signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
    });
    if (!response.ok) throw new TrialFailed(`it answered ${response.status}: ${await messageOf(response)}`);
    return (response.body as AsyncIterable<Uint8Array, undefined>)[Symbol.asyncIterator]();
  }

  #failure(error: unknown): unknown {
    if (error instanceof TrialFailed) return error;
    const { name, message } = error as Error;
    if (name === "TimeoutError") return new TrialFailed(`it did not answer within ${TIME_LIMIT_MS / 1_000} s`);
    return new TrialFailed(`the connection failed: ${message}`);
  }
}

/** What an error answer says, short enough for a line. */
async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  const error = objectIn(parseJson(text))?.["error"];
  const message = typeof error === "string" ? error : objectIn(error)?.["message"];
  return (typeof message === "string" ? message : text).slice(0, 200);
}
