import { ask } from "./ask.ts";
import { Background } from "./background.ts";
import type { Place } from "./place.ts";
import type { Load } from "./run-way.ts";
import { median } from "./statistics.ts";
import type { Target } from "./target.ts";
import { questionOf, type Question, type Workload } from "./workloads.ts";

/** What the server does when it has only one thing to do. */
export interface Alone {
  /** To the first token of a person's request. */
  readonly firstTokenMs: number;
  /** What a person's request takes on average, by the sizes of many and the speeds of the server. */
  readonly serviceMs: number;
  /** Of the background without anybody else, all clients together. */
  readonly backgroundTokensPerSecond: number;
}

/** Milliseconds for each token, to read and to write. */
export interface Speeds {
  readonly prefill: number;
  readonly decode: number;
}

/** Numbers of questions that nobody else asks. */
const WARM_UP = 900_000;
const LONE_PEOPLE = 5;
const SHORT_PROMPT = 8;
const LONG_PROMPT = 808;
const SHORT_ANSWER = 48;
const SAMPLE = 400;
const MAX_FAILURES = 3;

/**
 * The speeds of a server, by two small requests after one that does not count: it pays for whatever was not loaded yet.
 *
 * @throws {NoAnswer} when it does not answer.
 */
export async function speedsOf(place: Place, signal: AbortSignal): Promise<Speeds> {
  await timed(place, plain(0, SHORT_PROMPT, 2), signal);
  const short = await timed(place, plain(1, SHORT_PROMPT, SHORT_ANSWER), signal);
  const long = await timed(place, plain(2, LONG_PROMPT, 2), signal);
  const decode = (short.totalMs - short.firstMs) / Math.max(1, short.tokens - 1);
  return { decode, prefill: Math.max(0, long.firstMs - short.firstMs) / (LONG_PROMPT - SHORT_PROMPT) };
}

/** What a request of the workload takes on average, alone: what all requests share is read once. */
export function meanServiceMs(workload: Workload, { prefill, decode }: Speeds, contextTokens: number): number {
  let sum = 0;
  for (let number = 0; number < SAMPLE; number++) {
    const { maxTokens, words } = questionOf(workload, WARM_UP + number, contextTokens);
    sum += words.own.split(" ").length * prefill + maxTokens * decode;
  }
  return sum / SAMPLE;
}

/** The median person who has the server alone. */
export async function personAlone(
  place: Place,
  { people, contextTokens }: Pick<Load, "people" | "contextTokens">,
  signal: AbortSignal,
): Promise<number> {
  const first: number[] = [];
  for (let n = 0; n < LONE_PEOPLE; n++) {
    first.push((await timed(place, questionOf(people, WARM_UP + n, contextTokens), signal)).firstMs);
  }
  // The first reads what all of them share.
  return median(first.slice(1));
}

/** The background's tokens per second when nobody else comes, over whole answers of it and at least so long. */
export async function backgroundAlone(
  place: Place,
  { background: workload, clients, contextTokens }: Pick<Load, "background" | "clients" | "contextTokens">,
  leastMs: number,
  signal: AbortSignal,
): Promise<number> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const beganAt = performance.now();
  let tokens = 0;
  let answers = 0;
  const background = new Background(
    place,
    { workload, clients, contextTokens, maxFailures: MAX_FAILURES },
    {
      tokens: (count) => {
        tokens += count;
      },
      answered: () => {
        if (++answers >= WHOLE_ANSWERS && performance.now() - beganAt >= leastMs) resolve();
      },
      failed: () => {},
    },
  );
  const interrupted = (): void => resolve();
  signal.addEventListener("abort", interrupted, { once: true });
  await Promise.race([enough, background.done]);
  signal.removeEventListener("abort", interrupted);
  const tookMs = performance.now() - beganAt;
  await background.stop();
  signal.throwIfAborted();
  return (tokens / tookMs) * 1000;
}

/** Whole ones, or their prompts would count for more or less than they cost. */
const WHOLE_ANSWERS = 3;

interface Timed {
  readonly firstMs: number;
  readonly totalMs: number;
  readonly tokens: number;
}

async function timed(place: Place, question: Question, interrupted: AbortSignal): Promise<Timed> {
  const askedAt = performance.now();
  let firstMs: number | undefined;
  let tokens = 0;
  const onTokens = (count: number): void => {
    firstMs ??= performance.now() - askedAt;
    tokens += count;
  };
  interrupted.throwIfAborted();
  const signal = mayHangUp(place.target) ? interrupted : undefined;
  await ask(place.call(question, true), { onTokens, signal });
  const totalMs = performance.now() - askedAt;
  return { firstMs: firstMs ?? totalMs, totalMs, tokens };
}

/** Whether a stream of it can be left without harm. */
function mayHangUp({ engine }: Target): boolean {
  return engine.mayAbort({ streaming: true });
}

function plain(number: number, promptTokens: number, maxTokens: number): Question {
  const own = `warm-up ${number}:${" word".repeat(promptTokens)}`;
  return { number: WARM_UP + number, priority: 0, maxTokens, words: { shared: "", own } };
}
