import { randomUUID } from "node:crypto";
import { Trial, type Target } from "./trial.ts";

/** What was found out by trying. Milliseconds. */
export interface Measurement {
  /** To the first token of a short request, on an idle server. */
  readonly firstTokenMs: number;
  readonly msPerToken: number;
  readonly promptCache: PromptCacheEffect;
  readonly abort: AbortEffect | SlotLost | NotMeasured;
}

/** The same prompt twice. */
export interface PromptCacheEffect {
  /** As the server counts them; `undefined` when it does not tell. */
  readonly promptTokens: number | undefined;
  readonly firstMs: number;
  readonly againMs: number;
}

/** An answer is closed in its middle, and somebody else asks at once. */
export interface AbortEffect {
  /** From the abort until the slot was somebody else's, beyond what that one would have taken on an idle server. */
  readonly freeMs: number;
  /** How long the answer would have gone on. */
  readonly remainingMs: number;
}

/** After the abort nobody else got in, though the answer would have been over by then. */
export interface SlotLost {
  readonly lostForMs: number;
}

export interface NotMeasured {
  readonly notMeasured: string;
}

/** Long enough to be caught in its middle, short enough to wait for where it cannot be stopped. */
const LONG_ANSWER = 400;
const SEEN_BEFORE_ABORT = 8;
const LEAST_PATIENCE_MS = 20_000;
/** Enough for a speed. */
const SHORT_ANSWER = 16;
/** More streams at a time are no small request any more. */
const MAX_SLOTS = 8;
/** About as many tokens, or somewhat fewer. */
const PROMPT_WORDS = 500;

/** What must be known of the server first. */
export interface Examined {
  readonly slots: number;
  /** Why a stream of it must not be closed; `undefined` when it may. */
  readonly mustNotAbort: string | undefined;
}

/**
 * Measures by a handful of small requests.
 *
 * @throws {TrialFailed} when the server does not answer them.
 */
export async function measure(target: Target, examined: Examined): Promise<Measurement> {
  // The first one pays for whatever was not loaded yet.
  await answered(target, short(), 1);
  const idle = await answered(target, short(), SHORT_ANSWER);
  const { firstTokenMs, msPerToken } = idle;
  const promptCache = await cacheEffect(target);
  const abort = await abortEffect(target, examined, idle);
  return { firstTokenMs, msPerToken, promptCache, abort };
}

async function cacheEffect(target: Target): Promise<PromptCacheEffect> {
  const prompt = long();
  const first = await answered(target, prompt, 1);
  const again = await answered(target, prompt, 1);
  return { promptTokens: first.promptTokens, firstMs: first.firstTokenMs, againMs: again.firstTokenMs };
}

/** Every slot is taken, so that the newcomer can only have the one that is freed. */
async function abortEffect(
  target: Target,
  { slots, mustNotAbort }: Examined,
  idle: Pick<Trial, "firstTokenMs" | "msPerToken">,
): Promise<Measurement["abort"]> {
  if (mustNotAbort !== undefined) return { notMeasured: mustNotAbort };
  if (slots > MAX_SLOTS)
    return { notMeasured: `${slots} slots would all have to be filled, which is no small request` };
  const running: Trial[] = [];
  try {
    for (let slot = 0; slot < slots; slot++) {
      const trial = new Trial(target, counting(), LONG_ANSWER);
      running.push(trial);
      await trial.until(SEEN_BEFORE_ABORT);
    }
    const [victim] = running;
    if (running.some(({ over }) => over)) return { notMeasured: "an answer ended before it could be interrupted" };
    const remainingMs = (LONG_ANSWER - victim!.tokens) * idle.msPerToken;
    victim!.abort();
    const newcomer = new Trial(target, short(), 1);
    running.push(newcomer);
    const patienceMs = LEAST_PATIENCE_MS + 2 * remainingMs;
    if (!(await comesWithin(patienceMs, newcomer, target))) return { lostForMs: patienceMs };
    return { freeMs: Math.max(0, newcomer.firstTokenMs - idle.firstTokenMs), remainingMs };
  } finally {
    for (const trial of running) trial.abort();
  }
}

async function comesWithin(ms: number, trial: Trial, { clock }: Target): Promise<boolean> {
  const { promise: tooLate, resolve } = Promise.withResolvers<false>();
  const callOff = clock.after(ms, () => resolve(false), true);
  const came = trial.until(1).then(() => true);
  try {
    return await Promise.race([came, tooLate]);
  } finally {
    callOff();
    // When it is given up its connection is closed, and that is no news.
    came.catch(() => {});
  }
}

async function answered(target: Target, prompt: string, maxTokens: number): Promise<Trial> {
  const trial = new Trial(target, prompt, maxTokens);
  try {
    await trial.until(Infinity);
  } finally {
    trial.abort();
  }
  return trial;
}

// Each begins like no other, so that no cache knows it.

function short(): string {
  return `${randomUUID()} Say hello.`;
}

function counting(): string {
  return `${randomUUID()} Count from 1 to 1000 in words, one number a line, and stop for nothing.`;
}

function long(): string {
  return `${randomUUID()} ${"the quick brown fox jumps over the lazy dog ".repeat(PROMPT_WORDS / 9)} Say hello.`;
}
