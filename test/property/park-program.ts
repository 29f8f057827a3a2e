import type { Fault } from "../../src/testing/index.ts";
import { isTrial, OthersGoThrough } from "./interrupted.ts";
import type { GatewayUnderTest, Json } from "../support/gateway.ts";

/** What happens once the answer has stepped aside for a person. */
export type Happening =
  | "the person is answered"
  | "the person leaves"
  | "the client leaves"
  | "the server goes down and comes back"
  | { readonly nextRun: Fault };

export interface Interruption {
  /** So many tokens after the one before. */
  readonly afterTokens: number;
  readonly what: Happening;
}

export interface Program {
  readonly path: string;
  readonly body: Json;
  readonly interruptions: readonly Interruption[];
}

/** The answer that the background client got, unless it left, or its connection was cut. */
export type Ending = "left" | "cut" | Response;

/**
 * Sends a request as background and interrupts it, again and again. Every token is let through by hand: nothing here depends on time.
 */
export async function play(it: GatewayUnderTest, { path, body, interruptions }: Program): Promise<Ending> {
  const { server } = it;
  server.pauseTokens();
  using _ = new OthersGoThrough(it);
  const before = server.served.length;
  const client = new AbortController();
  const answer = it.post(`/background${path}`, body, { signal: client.signal }).then(wholly);
  const isOver = answer.then(
    () => undefined,
    () => undefined,
  );
  const waiting: Promise<unknown>[] = [];
  for (const { afterTokens, what } of interruptions) {
    const own = server.when("started", (run) => run.id > before && run.phase !== "over" && isOwn(run) && !isTrial(run));
    const run = await Promise.race([own, isOver]);
    if (run === undefined) break;
    for (let made = 0; made < afterTokens && run.phase !== "over"; made++) await server.step(1, run.id);
    if (run.phase === "over") continue;
    const person = new Person(it);
    if (!(await person.goesFirst())) {
      // Nobody else would fare better.
      waiting.push(person.isOver());
      break;
    }
    if (what === "the client leaves") {
      client.abort();
      await it.waiting(0);
    }
    if (typeof what === "object") server.fail(what.nextRun, { which: isOwn });
    if (what === "the server goes down and comes back") {
      await server.goDown();
      await server.comeBack();
    } else await (what === "the person leaves" ? person.leaves() : person.isAnswered());
  }
  server.resumeTokens();
  await Promise.all(waiting);
  await isOver;
  return client.signal.aborted ? "left" : await answer.catch(() => "cut" as const);
}

/** Read to its end, and to be read again. */
async function wholly(answer: Response): Promise<Response> {
  const { status, headers } = answer;
  return new Response(await answer.text(), { status, headers });
}

const QUESTION = "a person's question";

function isOwn({ isWork, body }: { readonly isWork: boolean; readonly body: Buffer }): boolean {
  return isWork && !body.includes(QUESTION);
}

/** Somebody who wants one token. */
class Person {
  readonly #it: GatewayUnderTest;
  readonly #leave = new AbortController();
  readonly #question: string;
  readonly #answer: Promise<unknown>;
  readonly #earlier: ReadonlySet<string>;

  constructor(it: GatewayUnderTest) {
    this.#it = it;
    this.#earlier = new Set(it.gateway.requests.live.keys());
    this.#question = `${QUESTION} ${it.server.served.length}`;
    const messages = [{ role: "user", content: this.#question }];
    const body = { model: it.server.model, max_tokens: 1, stream: true, messages };
    const answer = it.post("/foreground/v1/chat/completions", body, { signal: this.#leave.signal });
    this.#answer = answer.then((response) => response.text()).catch(() => {});
  }

  /** Whether what runs has stepped aside. */
  async goesFirst(): Promise<boolean> {
    const { gateway, gate } = this.#it;
    const isIn = (): boolean =>
      [...gateway.requests.live.values()].some(({ id, state }) => !this.#earlier.has(id) && state !== "reading");
    await this.#it.until(isIn);
    return gate.snapshot().holders.some(({ priority }) => priority === 0);
  }

  async isAnswered(): Promise<void> {
    await this.#it.server.step(1, await this.#runs());
    await this.#answer;
  }

  async leaves(): Promise<void> {
    await this.#runs();
    this.#leave.abort();
    await this.#answer;
  }

  async isOver(): Promise<void> {
    await this.#answer;
  }

  async #runs(): Promise<number> {
    const { id } = await this.#it.server.when("started", ({ isWork, body }) => isWork && body.includes(this.#question));
    return id;
  }
}
