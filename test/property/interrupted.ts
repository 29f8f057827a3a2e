import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { frameDecoder } from "../../src/protocol/framing.ts";
import { objectIn, objectsIn, parseObject, textIn, type JsonObject } from "../../src/protocol/untrusted-json.ts";
import type { ModelServer, ServedRequest } from "../../src/testing/index.ts";
import type { GatewayUnderTest, Json } from "../support/gateway.ts";

/** What a client makes of an answer, whether it was streamed or not. */
export interface Heard {
  readonly content: string;
  readonly reasoning: string;
  readonly finish: readonly unknown[];
  readonly usage: { readonly prompt: unknown; readonly completion: unknown } | undefined;
  /** How many there were of each; one of all is how it should be. */
  readonly ids: number;
  readonly roles: number;
  readonly ends: number;
  readonly errors: readonly unknown[];
}

const CHAT = "/v1/chat/completions";

/** Reads an answer as its client would. */
export async function hear(answer: Response): Promise<Heard> {
  const text = await answer.text();
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    const whole = objectIn(JSON.parse(text)) ?? {};
    // A refusal is no answer, whole or not.
    return summary([{ ...whole, choices: objectsIn(whole["choices"]).map(asDelta) }], answer.ok ? 1 : 0);
  }
  const frames = frameDecoder("openai-chat").push(Buffer.from(text));
  const chunks = frames
    .map(({ data }) => (data === undefined ? undefined : parseObject(data)))
    .filter((chunk) => chunk !== undefined);
  return summary(chunks, text.split("data: [DONE]").length - 1);
}

function asDelta(choice: JsonObject): JsonObject {
  return { ...choice, delta: choice["message"] };
}

function summary(chunks: readonly JsonObject[], ends: number): Heard {
  const choices = chunks.flatMap((chunk) => objectsIn(chunk["choices"]));
  const deltas = choices.map((choice) => objectIn(choice["delta"]) ?? { content: choice["text"] });
  const pieces = (name: string): string => deltas.map((delta) => textIn(delta[name]) ?? "").join("");
  const usage = chunks.map((chunk) => objectIn(chunk["usage"])).findLast((told) => told !== undefined);
  return {
    content: pieces("content"),
    reasoning: pieces("reasoning_content") + pieces("reasoning"),
    finish: choices.flatMap((choice) => textIn(choice["finish_reason"]) ?? []),
    usage: usage && { prompt: usage["prompt_tokens"], completion: usage["completion_tokens"] },
    ids: new Set(chunks.map((chunk) => chunk["id"])).size,
    roles: deltas.filter((delta) => textIn(delta["role"]) !== undefined).length,
    ends,
    errors: chunks.flatMap((chunk) => chunk["error"] ?? []),
  };
}

/**
 * Sends `body` as background and lets a person come when so many tokens of it were made in all, again and again. Every token is let
 * through by hand: nothing here depends on time.
 */
export async function interruptedAt(
  it: GatewayUnderTest,
  body: Json,
  { cuts, path = CHAT }: { readonly cuts: readonly number[]; readonly path?: string },
): Promise<Heard> {
  it.server.pauseTokens();
  using _ = new OthersGoThrough(it);
  const before = it.server.served.length;
  const answer = it.post(`/background${path}`, body).then(hear);
  const waiting: Promise<void>[] = [];
  let made = 0;
  for (const cut of cuts) {
    const run = await it.server.when(
      "started",
      (request) => request.id > before && request.isWork && request.phase !== "over" && !isTrial(request),
    );
    for (; made < cut && run.phase !== "over"; made++) await it.server.step(1, run.id);
    if (run.phase === "over") break;
    const person = new Person(it);
    if (await person.goesFirst()) await person.isAnswered();
    else waiting.push(person.isAnswered());
    // Of one that would not step aside nobody else could make it.
    if (waiting.length > 0) break;
  }
  it.server.resumeTokens();
  await Promise.all(waiting);
  return await answer;
}

/** A small request of the gateway's own, by which it counts or finds out. */
export function isTrial({ isWork, body }: ServedRequest): boolean {
  return isWork && body.includes('"max_tokens":1,"stream":true,"stream_options":{"include_usage":true}}');
}

/** Lets trials have their token while all tokens are held, and runs that were given up those by which they notice. */
export class OthersGoThrough implements Disposable {
  #isOver = false;

  constructor({ server }: GatewayUnderTest) {
    void this.#attendTrials(server).catch(() => {});
    void this.#attendAbandoned(server).catch(() => {});
  }

  async #attendAbandoned(server: ModelServer): Promise<void> {
    for (let last = server.served.length; !this.#isOver;) {
      const after = last;
      const run = await server.when("hung-up", ({ id }) => id > after);
      last = run.id;
      for (await nextTurn(); !this.#isOver && run.phase !== "over";) await server.step(1, run.id);
    }
  }

  async #attendTrials(server: ModelServer): Promise<void> {
    for (let last = server.served.length; !this.#isOver;) {
      const after = last;
      const trial = await server.when("started", (request) => request.id > after && isTrial(request));
      last = trial.id;
      if (!this.#isOver) await server.step(1, trial.id);
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }
}

/** Somebody who wants one token. */
class Person {
  readonly #it: GatewayUnderTest;
  readonly #question: string;
  readonly #answer: Promise<Response>;
  readonly #earlier: ReadonlySet<string>;
  #goesFirst = false;

  constructor(it: GatewayUnderTest) {
    this.#it = it;
    this.#earlier = new Set(it.gateway.requests.live.keys());
    this.#question = `person ${it.server.served.length}`;
    this.#answer = it.post(`/foreground${CHAT}`, {
      model: it.server.model,
      max_tokens: 1,
      messages: [{ role: "user", content: this.#question }],
    });
  }

  /** Whether what runs has stepped aside. */
  async goesFirst(): Promise<boolean> {
    const { gateway, gate } = this.#it;
    const isIn = (): boolean =>
      [...gateway.requests.live.values()].some(({ id, state }) => !this.#earlier.has(id) && state !== "reading");
    await this.#it.until(isIn);
    this.#goesFirst = gate.snapshot().holders.some(({ priority }) => priority === 0);
    return this.#goesFirst;
  }

  async isAnswered(): Promise<void> {
    const { server } = this.#it;
    if (this.#goesFirst) {
      const { id } = await server.when("started", ({ isWork, body }) => isWork && body.includes(this.#question));
      await server.step(1, id);
    }
    const answer = await this.#answer;
    assert.equal(answer.status, 200, await answer.text());
  }
}
