import type { Engine } from "../../engines/engine.ts";
import type { Measurement } from "./measure.ts";

/** What a person waits without noticing much. */
const SOON_MS = 1_000;
/** A server that takes this share of what the answer would have gone on did not stop for the abort. */
const IGNORED = 0.5;
/** An answer that was nearly over says nothing about aborts. */
const LEAST_REMAINING_MS = 200;
/** A prompt that is read again this much faster was in a cache. */
const CACHED = 0.5;
/** llama-server's own batch, and the one that is advised. */
const USUAL_BATCH = 2_048;
const SMALL_BATCH = 256;

/** What the figures mean. */
export interface Judgement {
  /** A person will wait, or work will be lost, because of these. */
  readonly problems: readonly string[];
  /** What to do about it, or to know. */
  readonly advice: readonly string[];
}

/** Judges what was measured of one server. */
export function judge(engine: Engine, slots: number, measured: Measurement): Judgement {
  const judgements = [judgeAbort(measured), judgePrompt(engine, measured), judgeSlots(slots)];
  return {
    problems: judgements.flatMap(({ problems }) => problems),
    advice: judgements.flatMap(({ advice }) => advice),
  };
}

/** Whether the server works on for a client that hung up. */
function ignoresAborts({ abort }: Measurement): boolean {
  return "freeMs" in abort && abort.remainingMs >= LEAST_REMAINING_MS && abort.freeMs > IGNORED * abort.remainingMs;
}

/** Whether a prompt that it read before costs little when it comes again. */
export function cachesPrompts({ promptCache: { firstMs, againMs } }: Measurement): boolean {
  return againMs < CACHED * firstMs;
}

function judgeAbort(measured: Measurement): Judgement {
  const { abort } = measured;
  if ("notMeasured" in abort) return NOTHING;
  if ("lostForMs" in abort) {
    const problem = `after a running answer was interrupted nobody else got in for ${seconds(abort.lostForMs)}: its slot seems to be lost`;
    return { problems: [problem], advice: ["start the server again, and leave --preempt off"] };
  }
  if (ignoresAborts(measured)) {
    const problem = "it works on for clients that hung up: a person waits until the running answer is complete";
    return { problems: [problem], advice: ["leave --preempt off: an interruption would only cost, and free nothing"] };
  }
  if (abort.freeMs <= SOON_MS) return NOTHING;
  return { problems: [], advice: [`it takes ${seconds(abort.freeMs)} to stop an answer, and a person waits as long`] };
}

function judgePrompt(engine: Engine, measured: Measurement): Judgement {
  const { promptTokens, firstMs, againMs } = measured.promptCache;
  const advice: string[] = [];
  const cached = cachesPrompts(measured);
  // A prompt that is read in no time need not be kept.
  if (!cached && firstMs > SOON_MS / 2) {
    const remedy = engine.name === "llama-server" ? "; start it without --no-cache-prompt and --cache-ram 0" : "";
    advice.push(
      `it reads a prompt again that it has read before, so what steps aside starts over at full cost${remedy}`,
    );
  }
  const readMs = Math.max(0, firstMs - (cached ? againMs : measured.firstTokenMs));
  const batchMs = promptTokens === undefined ? 0 : (readMs / promptTokens) * USUAL_BATCH;
  if (engine.name === "llama-server" && batchMs > SOON_MS) {
    const small = seconds((batchMs * SMALL_BATCH) / USUAL_BATCH);
    advice.push(
      `a batch of ${USUAL_BATCH} tokens of a prompt takes it about ${seconds(batchMs)}, and it stops for nobody before: start it with ` +
        `-b ${SMALL_BATCH} -ub ${SMALL_BATCH} (about ${small})`,
    );
  }
  return { problems: [], advice };
}

function judgeSlots(slots: number): Judgement {
  if (slots === 1) return NOTHING;
  const advice =
    `its ${slots} slots share one speed: by default Headgate starts no background beside a person's request ` +
    "(queue.beside); one slot alone is simplest";
  return { problems: [], advice: [advice] };
}

const NOTHING: Judgement = { problems: [], advice: [] };

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
